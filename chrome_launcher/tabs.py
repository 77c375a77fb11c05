"""Only this file opens, lists and closes tabs, over the root connection and Chrome's HTTP endpoint."""

import http.client
import time
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import urlsplit

from loguru import logger

from chrome_launcher.errors import CdpError, CdpTimeout
from chrome_launcher.root_connection import Message, RootConnection
from chrome_launcher.switches import HEIGHT, WIDTH

_POLL_S = 0.03
_CRASH_AFTER_SHARE = 0.5
"""The part of the time that a polite close gets before the page is crashed."""


@dataclass(frozen=True)
class TabInfo:
    """One page target. ``url`` is the page's own word. ``opener_id``: the tab that opened it."""

    target_id: str
    url: str
    opener_id: str | None


def open_tab(
    root: RootConnection,
    url: str = "about:blank",
    *,
    timeout_s: float = 5.0,
    background: bool = True,
    own_window: bool = False,
) -> str:
    """Open a tab and return its target id."""
    create = _create(url, background, own_window)
    return str(root.call("Target.createTarget", create, timeout_s=timeout_s)["targetId"])


def submit_open_tab(
    root: RootConnection, url: str = "about:blank", *, background: bool = True, own_window: bool = False
) -> Future[str]:
    """Ask for a tab without waiting; the future ends in its target id, CdpError or ConnectionLost.

    ``own_window``: for a Chrome without windows to be seen. A tab behind another paints once a second as soon
    as it was clicked, focus emulation or not, and each further click on its page takes 2 s instead of 0.05 s
    (it waits for two frames, to see that the button stands still).
    """
    opened: Future[str] = Future()
    opened.set_running_or_notify_cancel()

    def pass_on(answer: Future[Message]) -> None:
        error = answer.exception()
        if error is None:
            opened.set_result(str(answer.result()["targetId"]))
        else:
            opened.set_exception(error)

    root.submit("Target.createTarget", _create(url, background, own_window)).add_done_callback(pass_on)
    return opened


def list_tabs(root: RootConnection, *, timeout_s: float = 5.0) -> list[TabInfo]:
    """All tabs of Chrome, its own first one included."""
    targets = root.call("Target.getTargets", {"filter": [{"type": "page"}]}, timeout_s=timeout_s)[
        "targetInfos"
    ]
    return [TabInfo(target["targetId"], target.get("url", ""), target.get("openerId")) for target in targets]


def close_tab(
    root: RootConnection, http_url: str, target_id: str, *, within_s: float = 5.0, may_crash: bool = True
) -> bool:
    """Close a tab and the pop-ups it opened, whatever their pages do. True when all are gone in time.

    ``may_crash``: whether a page that does not close is crashed, with all that share its renderer. Raises
    CdpTimeout or ConnectionLost when Chrome itself does not answer: then tabs are the least of it.
    """
    began = time.monotonic()
    doomed = _with_popups(target_id, list_tabs(root))
    for tab in doomed:
        _ask_to_close(http_url, tab)
    left = _wait_gone(root, doomed, began + within_s * _CRASH_AFTER_SHARE)
    for tab in left if may_crash else ():
        logger.bind(event="tab_crashed", tab=tab).warning(
            f"tab {tab} did not close within {within_s * _CRASH_AFTER_SHARE:.1f} s: its page is crashed"
        )
        _crash(root, tab)
    return not _wait_gone(root, left, began + within_s)


def _create(url: str, background: bool, own_window: bool) -> Message:
    create: Message = {"url": url, "background": background}
    if own_window:
        # Without a tab strip: while a page loads, a spinner turns there sixty times a second, and five tabs
        # that only wait for their portal kept Chrome at 59 % of a processor. Filling the screen it is 2 %;
        # a minimized window is cheaper still, but paints three times a second, and clicks take 2 s again.
        # The size is for a Chrome that knows no window states here.
        create |= {"newWindow": True, "windowState": "fullscreen", "width": WIDTH, "height": HEIGHT}
    return create


def _with_popups(target_id: str, tabs: list[TabInfo]) -> list[str]:
    """The tab and, transitively, what it opened."""
    doomed = [target_id]
    for opener in doomed:  # grows while it is walked
        doomed.extend(
            tab.target_id for tab in tabs if tab.opener_id == opener and tab.target_id not in doomed
        )
    return doomed


def _ask_to_close(http_url: str, target_id: str) -> None:
    """Chrome's HTTP endpoint closes a tab whose page spins in a loop and has a ``beforeunload`` (C11)."""
    # http.client and not urllib: no proxy of the environment may come between us and 127.0.0.1.
    connection = http.client.HTTPConnection(urlsplit(http_url).netloc, timeout=2.0)
    try:
        connection.request("PUT", f"/json/close/{target_id}")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        logger.bind(event="tab_close", tab=target_id).debug(
            f"tab {target_id} was not asked to close: {error}"
        )
    finally:
        connection.close()


def _wait_gone(root: RootConnection, doomed: list[str], until: float) -> list[str]:
    """What of ``doomed`` is still a tab at that instant; looks at least once."""
    while True:
        present = {tab.target_id for tab in list_tabs(root)}
        left = [tab for tab in doomed if tab in present]
        if not left or time.monotonic() >= until:
            return left
        time.sleep(_POLL_S)


def _crash(root: RootConnection, target_id: str) -> None:
    """Crash the page's renderer; its IO thread obeys while its main thread spins (C12)."""
    try:
        session = root.call("Target.attachToTarget", {"targetId": target_id, "flatten": True}, timeout_s=1.0)
        root.submit("Page.crash", session_id=session["sessionId"])  # never answered: who would?
        root.submit("Target.closeTarget", {"targetId": target_id})  # the tab outlives its page
    except (CdpError, CdpTimeout) as error:
        logger.bind(event="tab_crash", tab=target_id).debug(f"tab {target_id} could not be crashed: {error}")
