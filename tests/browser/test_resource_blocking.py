"""What is blocked is never asked for, by the server's own account; frames and documents come as before."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from chrome_launcher.browser_state import set_download_folder
from chrome_launcher.tabs import open_tab
from tabworker.attach import attach
from tabworker.resource_blocking import blocked_addresses
from tabworker.tab import Tab
from tests.support.chrome import root_connection, running_chrome
from tests.support.eventually import eventually
from tests.support.serving import serving

BY_TYPE = (
    "/image.png",
    "/image?id=1",
    "/background.png",
    "/font.woff2",
    "/font?id=2",
    "/sheet.css",
    "/film.mp4",
)
WITHIN = ("other.localhost/inner", "main.localhost/popup")
OF_HOST = ("/script.js", "/frame", "/beacon")

_PARTS = """<!doctype html><title>t</title>
<style>@font-face{{font-family:a;src:url({at}/font.woff2)}}
  @font-face{{font-family:b;src:url({at}/font?id=2)}}
  p{{font-family:a;background:url({at}/background.png)}} b{{font-family:b}}</style>
<p>a<b>b</b><img src={at}/image.png><img src="{at}/image?id=1"><video src={at}/film.mp4 preload=auto></video>
<link rel=stylesheet href={at}/sheet.css>
"""
_PAGE = (
    _PARTS
    + """<script src={ads}/script.js></script><script>fetch("{ads}/beacon").catch(() => 0)</script>
<iframe src={ads}/frame></iframe><iframe src={other}/inner></iframe><a id=pdf href=/report.pdf>report</a>
<button onclick="window.open('/popup')">pop-up</button>"""
)


class _Portal(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        host, port = self.headers["Host"].split(":")
        self.asked.append(f"{host}{self.path}")
        kind, body = "text/html", ""
        if self.path == "/":
            body = _PAGE.format(
                at="", ads=f"http://x.ads.localhost:{port}", other=f"http://other.localhost:{port}"
            )
        elif self.path in ("/inner", "/popup"):
            body = _PARTS.format(at=self.path)
        elif self.path == "/report.pdf":
            kind, body = "application/pdf", "%PDF-1.4 %%EOF"
        elif self.path.endswith(".css"):
            kind = "text/css"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def portal() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    with serving(type("Portal", (_Portal,), {"asked": asked})) as server:
        yield f"http://main.localhost:{server.server_port}", asked


@pytest.mark.parametrize("blocked", [True, False])
def test_types_and_hosts_are_not_asked_for_when_they_are_blocked(tmp_path: Path, blocked: bool) -> None:
    addresses = blocked_addresses(("media", "stylesheet")) if blocked else ()
    hosts = ("ads.localhost",) if blocked else ()
    downloads = tmp_path / "downloads"
    with (
        portal() as (url, asked),
        running_chrome(tmp_path / "p", images=not blocked, fonts=not blocked, blocked_hosts=hosts) as chrome,
        root_connection(chrome) as root,
        sync_playwright() as playwright,
    ):
        set_download_folder(root, downloads, events=True)
        attached = attach(playwright, chrome.ws_url, open_tab(root), downloads, addresses)
        tab = Tab(attached.page, downloads_dir=downloads, on_step=lambda _name, _within_s: None)
        tab.page.goto(url)
        with tab.page.expect_popup() as popup:
            tab.page.click("button")
        popup.value.wait_for_load_state("load")
        wanted = {"main.localhost/popup", "other.localhost/inner", "main.localhost/"}
        if not blocked:
            wanted |= {f"x.ads.localhost{path}" for path in OF_HOST}
            wanted |= {f"main.localhost{path}" for path in BY_TYPE}
            wanted |= {f"{place}{path}" for path in BY_TYPE for place in WITHIN}
        eventually(lambda: wanted <= set(asked), 10.0, f"asked for {sorted(wanted)}")
        captured = tab.capture.click(tab.page.locator("#pdf"))
        assert captured.path.read_bytes() == b"%PDF-1.4 %%EOF"
        attached.detach()
    # A pop-up loads before anybody can attach to it: there only Chrome's own switches are in time.
    early = {"main.localhost/popup/sheet.css", "main.localhost/popup/film.mp4"}
    unwanted = {one for one in asked if one.endswith((*BY_TYPE, *OF_HOST))} - early
    assert bool(unwanted) is not blocked, unwanted
