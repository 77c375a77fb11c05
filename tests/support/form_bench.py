"""A tab as a worker has it, in one Chrome for many tests, and portals that a test writes down."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

from playwright.sync_api import Playwright, sync_playwright

from chrome_launcher.browser_state import set_download_folder
from chrome_launcher.chrome import Chrome
from chrome_launcher.root_connection import RootConnection
from tabworker.attach import attach
from tabworker.popup_downloads import PopupDownloadNotes
from tabworker.tab import Tab
from tests.support.chrome import root_connection, running_chrome


@dataclass
class Bench:
    """``root`` is set up as the supervisor's: it owns the download folder and notes what pop-ups download."""

    chrome: Chrome
    root: RootConnection
    playwright: Playwright
    downloads: Path


@contextmanager
def form_bench(folder: Path) -> Iterator[Bench]:
    downloads = folder / "downloads"
    with (
        running_chrome(folder / "profile", images=False) as chrome,
        root_connection(chrome) as root,
        sync_playwright() as playwright,
    ):
        set_download_folder(root, downloads, events=True)
        root.on_event(PopupDownloadNotes(downloads).on_event)
        root.call("Target.setDiscoverTargets", {"discover": True, "filter": [{"type": "page"}]})
        yield Bench(chrome, root, playwright, downloads)


@contextmanager
def fresh_tab(bench: Bench, destination: Path) -> Iterator[Tab]:
    """A new tab without cookies; ``destination``: where its captures go."""
    bench.root.call("Storage.clearCookies")
    target = bench.root.call("Target.createTarget", {"url": "about:blank"})["targetId"]
    attached = attach(bench.playwright, bench.chrome.ws_url, target, bench.downloads)
    tab = Tab(attached.page, downloads_dir=bench.downloads, on_step=lambda _name, _within_s: None)
    tab.destination = destination
    try:
        yield tab
    finally:
        tab.capture.close()
        attached.detach()
        bench.root.call("Target.closeTarget", {"targetId": target})


@dataclass(frozen=True)
class Reply:
    body: str | bytes = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


def page(body: str, title: str = "A page", **headers: str) -> Reply:
    text = f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return Reply(text, headers=tuple({"Content-Type": "text/html; charset=utf-8", **headers}.items()))


def redirect(to: str, **headers: str) -> Reply:
    return Reply(status=303, headers=(("Location", to), *headers.items()))


class WrittenPortal:
    """``with WrittenPortal({"/login": page("…"), "POST /login": redirect("/")}) as portal``.

    Keys are paths, with ``POST`` in front for posted forms; a value may be a function of the query, which is
    asked at each request. Everything else is 404. ``headers``: of the latest request of each.
    """

    def __init__(self, replies: Mapping[str, Reply | Callable[[str], Reply]]) -> None:
        self.replies = replies
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.posted: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal._answer(self, "")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                portal.posted.append(dict(parse_qsl(body.decode())))
                portal._answer(self, "POST ")

            def log_message(self, *_: object) -> None:
                """A test's output is not a server's log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        path, _, query = handler.path.partition("?")
        key = method + path
        self.asked[key] += 1
        self.headers[key] = dict(handler.headers)
        reply = self.replies.get(key, Reply("Not found", 404))
        reply = reply if isinstance(reply, Reply) else reply(query)
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        handler.send_response(reply.status)
        for name, value in reply.headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
