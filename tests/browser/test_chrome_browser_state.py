"""What belongs to the whole browser: the cookies of the session, the download folder, images or none."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chrome_launcher.browser_state import get_cookies, set_cookies, set_download_folder
from chrome_launcher.tabs import open_tab
from tests.support.chrome import root_connection, running_chrome
from tests.support.eventually import eventually


class _Portal(BaseHTTPRequestHandler):
    """Signs everybody in who asks; remembers who asked for what, and with which cookie."""

    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Cookie", "")))
        body, kind = b"<img src=/image.png><script src=/last.js></script>", "text/html"
        if self.path == "/report.pdf":
            body, kind = b"%PDF-1.4\n%%EOF", "application/pdf"
        self.send_response(200)
        if self.path == "/login":
            self.send_header("Set-Cookie", "sid=secret; Path=/; HttpOnly; SameSite=Lax")
            self.send_header("Set-Cookie", "kept=long; Path=/; Max-Age=9999")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def portal() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    class PortalOfOneTest(_Portal):
        seen: list[tuple[str, str]] = []  # noqa: RUF012 - the library makes an instance a request

    with ThreadingHTTPServer(("127.0.0.1", 0), PortalOfOneTest) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", PortalOfOneTest.seen
        server.shutdown()
        thread.join(5)


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_cookies_sign_a_new_chrome_in_when_the_old_one_was_killed(tmp_path: Path) -> None:
    with portal() as (url, seen):
        with running_chrome(tmp_path / "old") as chrome, root_connection(chrome) as root:
            open_tab(root, f"{url}/login")
            eventually(lambda: len(get_cookies(root)) == 2, 5.0, "signed in")
            snapshot = get_cookies(root)
            os.kill(chrome.pid, signal.SIGKILL)
            eventually(lambda: not chrome.is_running(), 5.0)
        # Of a profile of its own: the old one may have written its cookies just before.
        with running_chrome(tmp_path / "new") as chrome, root_connection(chrome) as root:
            assert "sid" not in {cookie["name"] for cookie in get_cookies(root)}
            set_cookies(root, snapshot)
            open_tab(root, f"{url}/protected")
            eventually(lambda: any(path == "/protected" and "sid=secret" in sent for path, sent in seen), 5.0)
            again = {cookie["name"]: cookie for cookie in get_cookies(root)}
        for cookie in snapshot:
            for key in ("value", "domain", "path", "httpOnly", "session", "sameSite", "secure"):
                assert again[cookie["name"]].get(key) == cookie.get(key)


def test_pdf_is_downloaded_under_its_guid_when_a_tab_opens_it(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    with portal() as (url, _), running_chrome(tmp_path / "p") as chrome, root_connection(chrome) as root:
        set_download_folder(root, folder)
        open_tab(root, f"{url}/report.pdf")
        (document,) = eventually(
            lambda: [f for f in folder.iterdir() if f.suffix == "" and f.stat().st_size == 14], 5.0, "saved"
        )
        assert document.read_bytes() == b"%PDF-1.4\n%%EOF"
