"""300 MB pass through a worker whose memory stays flat, however slowly they come; and what `fetch` says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import psutil
import pytest

from tabworker import web_request
from tabworker.captured import Captured
from tabworker.pdf_check import verify_pdf
from tabworker.tab import Tab
from tabworker.web_errors import NotConnected
from tests.support.large_documents import LargeDocument
from tests.support.serving import serving
from tests.support.tabs import TabBench, tab_bench

LARGE = LargeDocument("V-0001", pages=75)
FLAT_MB = 60


class _Portal(BaseHTTPRequestHandler):
    """``/`` sets a cookie and links to the document, which only its bearer gets, after a redirect that renews
    it.
    """

    protocol_version = "HTTP/1.1"
    size = LARGE.size
    slow = threading.Event()
    asked: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self._head(404, 0)
            return
        self.asked.append((self.path, self.headers.get("Cookie", ""), self.headers.get("Referer", "")))
        if self.path == "/":
            page = b"<!doctype html><title>home</title><a id=large href=/large.pdf>large</a>"
            self._head(200, len(page), ("Set-Cookie", "sid=one; HttpOnly"), kind="text/html")
            self.wfile.write(page)
        elif self.path == "/report":
            self._head(302, 0, ("Set-Cookie", "sid=two; HttpOnly; Path=/"), ("Location", "/large.pdf"))
        elif self.path == "/sign-in":
            self._head(200, 5, kind="text/html")
            self.wfile.write(b"<html")
        elif self.path == "/trickle.pdf":
            self._head(200, 4 * 400_000)
            for _ in range(4):
                self.wfile.write(b"x" * 400_000)
                self.slow.wait(0.5)
        else:
            self._head(200, self.size)
            for piece in LARGE.pieces():
                self.wfile.write(piece)

    def _head(
        self, status: int, length: int, *headers: tuple[str, str], kind: str = "application/pdf"
    ) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(length)), *headers):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TabBench]:
    with tab_bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture
def tab(bench: TabBench, tmp_path: Path) -> Iterator[Tab]:
    with bench.tab(tmp_path / "captured.pdf") as tab:
        yield tab
        tab.destination.unlink(missing_ok=True)


@pytest.fixture
def portal() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    asked: list[tuple[str, str, str]] = []
    with serving(type("Portal", (_Portal,), {"asked": asked})) as server:
        yield f"http://127.0.0.1:{server.server_port}", asked


@contextmanager
def memory_grows_less_than(most_mb: int) -> Iterator[None]:
    """Of this process, which is the worker here (and the portal, which holds a piece at a time), and of its
    driver.
    """
    family = [psutil.Process(), *(p for p in psutil.Process().children() if "node" in p.name())]
    assert len(family) == 2

    def used() -> int:
        return sum(process.memory_info().rss for process in family)

    before = most = used()
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.01):
            most = max(most, used())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    assert (most - before) / 2**20 < most_mb


@pytest.mark.parametrize("way", ["fetch", "click"])
def test_worker_stays_small_when_a_document_of_300_mb_passes(
    bench: TabBench, tab: Tab, portal: tuple[str, list[tuple[str, str, str]]], way: str
) -> None:
    url, asked = portal
    tab.step("open record", 20.0)
    tab.page.goto(url)
    with memory_grows_less_than(FLAT_MB):
        capture = tab.capture
        captured = capture.fetch("/report") if way == "fetch" else capture.click(tab.page.locator("#large"))
        verified = verify_pdf(captured, "V-0001")
    assert (verified.size_bytes, verified.pages) == (LARGE.size, 75)
    assert verified.size_bytes > 300 * 2**20
    assert [path for path in bench.downloads.iterdir() if path.suffix != ".jsonl"] == []
    if way == "fetch":  # in the session: its cookies, its renewal, where it came from
        assert asked[-2:] == [("/report", "sid=one", f"{url}/"), ("/large.pdf", "sid=two", f"{url}/")]
        assert [cookie["value"] for cookie in tab.page.context.cookies(url)] == ["two"]


@pytest.mark.parametrize("way", ["fetch", "click"])
def test_capture_goes_on_beyond_its_step_when_the_bytes_flow(
    tab: Tab, portal: tuple[str, list[tuple[str, str, str]]], way: str
) -> None:
    url, _ = portal
    tab.page.goto(url)
    tab.page.evaluate("document.querySelector('a').href = '/trickle.pdf'")
    tab.step("capture document", 1.2)
    capture = tab.capture
    captured = capture.fetch("/trickle.pdf") if way == "fetch" else capture.click(tab.page.locator("#large"))
    assert captured.path.stat().st_size == 1_600_000


def test_fetch_is_left_to_chrome_when_python_cannot_connect(
    tab: Tab, portal: tuple[str, list[tuple[str, str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = portal

    def no_way(*_: object) -> None:
        raise NotConnected("unable to get local issuer certificate")

    monkeypatch.setattr(web_request, "connect", no_way)
    tab.step("fetch document", 20.0)
    captured = tab.capture.fetch(f"{url}/trickle.pdf")
    assert (captured.status, captured.path.stat().st_size) == (200, 1_600_000)
    page: Captured = tab.capture.fetch(f"{url}/sign-in")
    assert page.path.read_text().startswith("<html")
    assert page.source_url == f"{url}/sign-in"
    assert [path for path, _, _ in asked] == ["/trickle.pdf", "/sign-in"]
    assert asked[0][2] == ""  # a blank page has no address to name
