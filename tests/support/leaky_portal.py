"""A portal that writes its visitors' secrets wherever it can: into texts, fields, addresses, the console."""

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, quote, urlsplit

from tests.support.serving import serving

MARK = "MaRk7f3a"
"""Stands in every secret, and in nothing else."""

PASSWORD = f'{MARK}pw &<"ü+/%'
WRONG_PASSWORD = f"{MARK}wrong'\\ &"
COOKIE = f"{MARK}cookie/+=="
TOKEN = f"eyJ{MARK}0.eyJ{MARK}1.{MARK}2"
"""As single-page portals keep it: in a script's memory, so that only its look tells it."""

_FORM = """<!doctype html><title>Sign in</title><form method=post action=/login>
<input name=user><input name=password type={kind} value="{value}"><button>go</button></form>
<p role=alert>{said}</p><script>console.error({said!r})</script>"""

_LEAK = """<!doctype html><title>{cookie}</title><!-- {cookie} --><p id=me>me</p>
<p>Your session is {cookie}, your token {token}.</p><textarea>{cookie}</textarea>
<form action="/x;jsessionid={quoted}?a=1&amp;sid={quoted}"><input type=hidden name=s value="{cookie}"></form>
<a id=pdf href="/deep;jsessionid={quoted}?csrf_token={quoted}&page=2">report</a>
<script>console.error("cookie is {cookie}"); var secret = "{cookie}"; window.name = secret</script>
<script>document.querySelector("#pdf").addEventListener("click", () => alert("{cookie}"))</script>"""


class _Portal(BaseHTTPRequestHandler):
    hung: threading.Event

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        signed_in = f"sid={COOKIE}" in self.headers.get("Cookie", "")
        quoted, token = quote(COOKIE, safe=""), TOKEN
        leak = _LEAK.format(cookie=COOKIE, quoted=quoted, token=token).encode()
        if path == "/login":
            self._page(_FORM.format(kind="password", value="", said="").encode())
        elif not signed_in:
            self._page(b"", 302, Location="/login")
        elif path == "/records/hang":
            self.hung.set()
            threading.Event().wait(60)
        elif path == "/records/missing":
            self._page(leak, 500)
        else:
            self._page(leak)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = parse_qs(text)["password"][0]
        if given == PASSWORD:
            location = f"/list;jsessionid={quote(COOKIE, safe='')}?token={quote(COOKIE, safe='')}"
            self._page(b"", 302, Location=location, Set_Cookie=f"sid={COOKIE}; HttpOnly; Path=/")
        else:
            said = html.escape(f"{given} is not your password")
            self._page(_FORM.format(kind="text", value=html.escape(given), said=said).encode())

    def _page(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def leaky_portal() -> Iterator[tuple[str, threading.Event]]:
    """Yield its address, and what is set once the record ``hang`` was asked for."""
    hung = threading.Event()
    with serving(type("Portal", (_Portal,), {"hung": hung})) as server:
        yield f"http://127.0.0.1:{server.server_port}", hung
