"""Two or more ways to do the same, CPU measured in turns in one run: fetching a document, blocking resources,
waiting for a portal.

    python -m benchmarks.pairs fetch [--bytes 60000] [--times 80]
    python -m benchmarks.pairs block [--times 60]
    python -m benchmarks.pairs wait [--times 60]

CPU is user + system time of Chrome with its children, of this process (the worker), and of its driver; the
portal is a process of its own and not counted. Three rounds, every other one in reverse order.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from chrome_launcher.switches import HEIGHT, WIDTH
from chrome_launcher.tabs import open_tab
from tabworker.attach import attach
from tabworker.resource_blocking import blocked_addresses
from tabworker.tab import Tab
from tests.support.chrome import root_connection, running_chrome
from tests.support.tabs import tab_bench

ROUNDS = 3
_PAGE = (
    "<!doctype html><title>t</title><style>@font-face{font-family:a;src:url(/a.woff2)}"
    "@font-face{font-family:b;src:url(/b.woff2)} body{font-family:a} b{font-family:b}</style>a<b>b</b>"
    + "".join(f"<img src=/{number}.png>" for number in range(10))
    + "".join(f"<script src=/{number}.js></script>" for number in range(6))
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=list(COMPARISONS))
    parser.add_argument("--bytes", type=int, default=60_000, help="size of a document")
    parser.add_argument("--times", type=int, default=60, help="documents, pages or 0.1 s in a round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tabcrew-bench-") as folder, _portal(arguments.bytes) as url:
        compare = {"fetch": compare_fetching, "block": compare_blocking, "wait": compare_waiting}[
            arguments.what
        ]
        for way, spent_ms in compare(url, Path(folder), arguments.times).items():
            print(f"{way:<34} {sum(spent_ms) / len(spent_ms):6.1f} ms")


def compare_fetching(url: str, folder: Path, times: int) -> dict[str, list[float]]:
    """``capture.fetch`` beside the Playwright driver's own client."""
    with tab_bench(folder) as bench, bench.tab(folder / "captured.pdf") as tab:

        def ours() -> None:
            tab.step("fetch document")
            tab.capture.fetch(f"{url}/report.pdf")

        def the_drivers() -> None:
            response = tab.page.context.request.get(f"{url}/report.pdf")
            tab.destination.write_bytes(response.body())
            response.dispose()

        return _in_turns({"fetch": ours, "the driver's client": the_drivers}, bench.chrome.pid, times)


def compare_blocking(url: str, folder: Path, times: int) -> dict[str, list[float]]:
    """A page of ten images, two fonts and six scripts. A Chrome for each way: the switches are its own."""
    spent: dict[str, list[float]] = {}
    for turn in range(ROUNDS):
        ways = ["nothing blocked", "images, fonts, media", "the same, and two hosts"]
        for number, way in enumerate(ways if turn % 2 == 0 else ways[::-1]):
            blocks = way != "nothing blocked"
            profile = folder / f"{turn}.{number}"
            with (
                running_chrome(
                    profile,
                    images=not blocks,
                    fonts=not blocks,
                    blocked_hosts=("a.test", "b.test") if "hosts" in way else (),
                ) as chrome,
                root_connection(chrome) as root,
                _driven_tab(chrome, open_tab(root), profile, blocks) as tab,
            ):
                once = _in_turns({way: lambda tab=tab: tab.page.goto(url)}, chrome.pid, times, rounds=1)  # type: ignore[misc]
            spent.setdefault(way, []).extend(once[way])
    return spent


def compare_waiting(url: str, folder: Path, times: int) -> dict[str, list[float]]:
    """Five tabs that wait for their pages, for a tenth of a second each time: in one window, in ordinary
    windows of their own, and as a headless run opens them. A Chrome for each way.
    """
    ways: dict[str, dict[str, Any]] = {
        "one window": {},
        "windows": {"newWindow": True, "width": WIDTH, "height": HEIGHT},
        "as a run opens them": {"newWindow": True, "windowState": "fullscreen"},
    }
    spent: dict[str, list[float]] = {}
    for turn in range(ROUNDS):
        for number, way in enumerate(ways if turn % 2 == 0 else list(ways)[::-1]):
            profile = folder / f"{turn}.{number}"
            with running_chrome(profile) as chrome, root_connection(chrome) as root:
                for _ in range(5):
                    root.call("Target.createTarget", {"url": f"{url}/never", "background": True, **ways[way]})
                once = _in_turns({way: lambda: time.sleep(0.1)}, chrome.pid, times, rounds=1)
            spent.setdefault(way, []).extend(once[way])
    return spent


@contextmanager
def _driven_tab(chrome: Any, target: str, folder: Path, blocks: bool) -> Iterator[Tab]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        blocked = blocked_addresses(("media",)) if blocks else ()
        attached = attach(playwright, chrome.ws_url, target, folder, blocked)
        yield Tab(attached.page, downloads_dir=folder, on_step=lambda _name, _within_s: None)
        attached.detach()


def _in_turns(
    ways: dict[str, Callable[[], object]], chrome_pid: int, times: int, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for do in ways.values():
        do()
    for turn in range(rounds):
        for way in list(ways) if turn % 2 == 0 else list(ways)[::-1]:
            before = _cpu_s(chrome_pid)
            for _ in range(times):
                ways[way]()
            spent[way].append((_cpu_s(chrome_pid) - before) * 1000 / times)
    return spent


def _cpu_s(chrome_pid: int) -> float:
    chrome, worker = psutil.Process(chrome_pid), psutil.Process()
    drivers = [child for child in worker.children() if "node" in child.name()]
    used = sum(sum(process.cpu_times()[:2]) for process in (worker, *drivers))
    return used + sum(sum(process.cpu_times()[:4]) for process in (chrome, *chrome.children(recursive=True)))


@contextmanager
def _portal(document_bytes: int) -> Iterator[str]:
    ports: Any = multiprocessing.SimpleQueue()
    process = multiprocessing.Process(target=_serve, args=(ports, document_bytes), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ports.get()}"
    finally:
        process.kill()
        process.join()


def _serve(ports: Any, document_bytes: int) -> None:
    document = b"%PDF-1.4\n" + bytes(document_bytes)

    class Portal(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.path == "/never":
                time.sleep(120)
                return
            body = document if self.path.endswith(".pdf") else _PAGE.encode() if self.path == "/" else b" "
            kind = {"/": "text/html"}.get(
                self.path, "application/pdf" if body is document else "text/javascript"
            )
            self.send_response(200)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.send_header("Cache-Control", "no-store")
            try:
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                pass  # the page was left before it was whole

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    ports.put(server.server_port)
    server.serve_forever()


COMPARISONS = {"fetch": compare_fetching, "block": compare_blocking, "wait": compare_waiting}

if __name__ == "__main__":
    main()
