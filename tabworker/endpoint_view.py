"""What one CDP client may see and do: a browser with one tab and its pop-ups. Decides, touches no socket.

The messages of both sides go in, the messages to pass on come out. Most need no look at all
(``endpoint_rules.command_needs_a_look``, ``event_needs_a_look``) and never get here.

Pop-ups. ``Target.autoAttachRelated`` reports none (HAZARDS C7), and ``Target.setDiscoverTargets`` reports
the doings of every tab to every worker, N² messages. ``Page.windowOpen`` tells a moment earlier that a
pop-up comes: discovery is on from there until the pop-up is attached. Chromium names us as ``openerId`` for
``rel=noopener`` links too.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from tabworker import endpoint_rules as rules
from tabworker.endpoint_downloads import DownloadNews
from tabworker.endpoint_messages import Message, Onward, decode, encode, error_answer, result_answer

DISCOVER_AT_MOST_S = 5.0
"""How long to look for an announced pop-up: ``window.open`` into a known window creates none."""

DISCOVER_AFTER_POPUP_S = 0.25
"""A pop-up may open another before the client listens to its ``Page.windowOpen``."""

_EVENTS = (
    b'{"method":"Target.',
    b'{"method":"Page.downloadWillBegin',
    b'{"method":"Page.downloadProgress',
    b'{"method":"Page.windowOpen',
)
_INFO_CHANGED = b'{"method":"Target.targetInfoChanged"'
_ANSWER = b'{"id":'

_FIRST_OWN_ID = 1_000_000_000
"""The endpoint's own commands are numbered from here; Playwright counts from 1."""


class TabView:
    """The state of one connection. ``now``: monotonic seconds."""

    def __init__(self, target_id: str, blocked_addresses: Sequence[str] = ()) -> None:
        self._tab = target_id
        self._blocked = list(blocked_addresses)
        self._own = {target_id}
        self._popups_attached: set[str] = set()
        self._browser_sessions: set[str] = set()
        self.downloads = DownloadNews(target_id, self._own, self._popups_attached, self._browser_sessions)
        self._ids = itertools.count(_FIRST_OWN_ID)
        self._awaited: dict[int, Callable[[Message, Onward], None]] = {}
        self._discover_until: float | None = None
        self._windows_opened_at: float | None = None

    # --- the client's commands ----------------------------------------------------------------------------

    def client_says(self, data: bytes) -> Onward:
        """Judge a command for which ``command_needs_a_look``."""
        onward = Onward()
        command = decode(data)
        method = command.get("method", "")
        reason = self._refusal(method, command)
        if reason is not None:
            onward.to_client.append(error_answer(command, f"Tabcrew refuses {method}: {reason}"))
        elif method in rules.SWALLOWED:
            onward.to_client.append(result_answer(command, {}))
        elif method in rules.REWRITTEN:
            self._rewrite(method, command, onward, data)
        else:
            onward.to_chrome.append(data)
        return onward

    def _refusal(self, method: str, command: Message) -> str | None:
        if method in rules.REFUSED:
            return rules.REFUSED[method]
        session = command.get("sessionId")
        of_browser = session is None or session in self._browser_sessions
        if method in rules.REFUSED_WITHOUT_A_TAB and of_browser:
            return rules.REFUSED_WITHOUT_A_TAB[method]
        if method == "Target.setAutoAttach" and session in self._browser_sessions:
            return rules.OTHERS_TABS
        if method in rules.OWN_TARGETS_ONLY:
            target = command.get("params", {}).get("targetId")
            if target is not None and target not in self._own:
                return f"target {target} is not this worker's tab nor a pop-up of it"
        return None

    def _rewrite(self, method: str, command: Message, onward: Onward, data: bytes) -> None:
        if method == "Target.setAutoAttach" and command.get("sessionId") is None:
            wait = command.get("params", {}).get("waitForDebuggerOnStart", True)
            command["method"] = "Target.autoAttachRelated"
            command["params"] = {"targetId": self._tab, "waitForDebuggerOnStart": wait}
            onward.to_chrome.append(encode(command))
            return
        if method == "Target.createTarget":
            self._awaited[command["id"]] = self._created
        elif method == "Target.getTargets":
            self._awaited[command["id"]] = self._targets_listed
        elif method == "Target.attachToBrowserTarget":
            self._awaited[command["id"]] = self._browser_session_opened
        onward.to_chrome.append(data)
        if method == "Network.enable":
            self._block_addresses(command, onward)

    def _block_addresses(self, command: Message, onward: Onward) -> None:
        """On the session on which the client listens anyway: the tab's, a frame's, a pop-up's."""
        if not self._blocked or "sessionId" not in command:
            return
        number = next(self._ids)
        self._awaited[number] = _ignore
        onward.to_chrome.append(
            encode(
                {
                    "id": number,
                    "method": "Network.setBlockedURLs",
                    "params": {"urls": self._blocked},
                    "sessionId": command["sessionId"],
                }
            )
        )

    # --- Chrome's answers and events ----------------------------------------------------------------------

    def event_needs_a_look(self, data: bytes) -> bool:
        return data.startswith(_EVENTS) or (bool(self._awaited) and _answered_id(data) in self._awaited)

    def chrome_says(self, data: bytes, now: float) -> Onward:
        """Judge a message for which ``event_needs_a_look``."""
        onward = Onward()
        if data.startswith(_INFO_CHANGED):
            return onward  # only the endpoint discovers, and it does not care: not even parsed
        message = decode(data)
        if "id" in message:
            self._awaited.pop(message["id"])(message, onward)
            return onward
        method: str = message["method"]
        if method.startswith("Page.download"):
            self.downloads.event_says(message, onward)
        elif method.startswith("Target.target") and "sessionId" not in message:
            self._discovered(method, message["params"], now, onward)
        else:
            if method == "Page.windowOpen":
                self._window_announced(now, onward)
            elif method == "Target.detachedFromTarget":
                self._forget(message["params"].get("targetId", ""))
            onward.to_client.append(data)
        return onward

    def _created(self, answer: Message, onward: Onward) -> None:
        """Hold the answer back until the client knows the new tab: Playwright looks it up at once."""
        target = answer.get("result", {}).get("targetId")
        if target is None:
            onward.to_client.append(encode(answer))
            return
        self._own.add(target)

        def then(_: Message, later: Onward) -> None:
            later.to_client.append(encode(answer))

        self._send("Target.autoAttachRelated", then, onward, targetId=target, waitForDebuggerOnStart=True)

    def _targets_listed(self, answer: Message, onward: Onward) -> None:
        result = answer.get("result", {})
        if "targetInfos" in result:
            result["targetInfos"] = [info for info in result["targetInfos"] if info["targetId"] in self._own]
        onward.to_client.append(encode(answer))

    def _browser_session_opened(self, answer: Message, onward: Onward) -> None:
        session = answer.get("result", {}).get("sessionId")
        if session is not None:
            self._browser_sessions.add(session)
        onward.to_client.append(encode(answer))

    # --- pop-ups ------------------------------------------------------------------------------------------

    def _window_announced(self, now: float, onward: Onward) -> None:
        if self._discover_until is None:
            # Page targets only: it also spares us Chrome's own little windows.
            pages = [{"type": "page", "exclude": False}]
            self._send("Target.setDiscoverTargets", _ignore, onward, discover=True, filter=pages)
        self._discover_until = now + DISCOVER_AT_MOST_S
        self._windows_opened_at = now

    def _discovered(self, method: str, params: Message, now: float, onward: Onward) -> None:
        if method == "Target.targetDestroyed":
            self._forget(params["targetId"])
        if method != "Target.targetCreated":
            return
        info = params["targetInfo"]
        target = info["targetId"]
        if info.get("openerId") not in self._own or target in self._own:
            return
        self._own.add(target)
        self._discover_until = now + DISCOVER_AFTER_POPUP_S

        def then(answer: Message, _: Onward) -> None:
            if "error" in answer:
                self._own.discard(target)  # gone already: its download, if it began one, comes as a note
            else:
                self._popups_attached.add(target)

        self._send("Target.attachToTarget", then, onward, targetId=target, flatten=True)

    def _forget(self, target: str) -> None:
        # An opener is kept: a pop-up of its pop-ups may still appear. Only pop-ups come and go in numbers.
        if target != self._tab:
            self._popups_attached.discard(target)

    def tick(self, now: float) -> Onward:
        """Stop discovering when its time is over."""
        onward = Onward()
        if self._discover_until is not None and now >= self._discover_until:
            self._discover_until = None
            self._send("Target.setDiscoverTargets", _ignore, onward, discover=False)
        return onward

    @property
    def discovering(self) -> bool:
        return self._discover_until is not None

    @property
    def windows_opened_at(self) -> float | None:
        """When the latest pop-up was announced; None when none ever was."""
        return self._windows_opened_at

    def _send(
        self, method: str, then: Callable[[Message, Onward], None], onward: Onward, **params: Any
    ) -> None:
        number = next(self._ids)
        self._awaited[number] = then
        onward.to_chrome.append(encode({"id": number, "method": method, "params": params}))


def _answered_id(data: bytes) -> int | None:
    """The id with which Chrome begins an answer; None when ``data`` is an event."""
    if not data.startswith(_ANSWER):
        return None
    digits = data[len(_ANSWER) : len(_ANSWER) + 16]
    return int(digits[: min(at for at in (digits.find(b","), digits.find(b"}"), len(digits)) if at >= 0)])


def _ignore(_: Message, __: Onward) -> None:
    """Nobody waits for this answer."""
