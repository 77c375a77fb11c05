"""A portal that writes its visitors' secrets wherever it can: into texts, fields, addresses, the console."""

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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

TOTP_KEY = "MARKEDTOTPKEY234"
TOTP_SECRET = f"otpauth://totp/me?secret={TOTP_KEY}&period=5&digits=8"
"""Eight digits, because six stand in many a time of day; five seconds, because no code is typed twice."""

_FORM = """<!doctype html><title>Sign in</title><form method=post action=/login>
<input name=user><input name=password type={kind} value="{value}"><input name=otp value="{code}">
<button>go</button></form>
<p role=alert>{said}</p><script>console.error({said!r})</script>"""

_LEAK = """<!doctype html><title>{cookie}</title><!-- {cookie} --><p id=me>me</p>
<p>Your session is {cookie}, your token {token}.</p><textarea>{cookie}</textarea>
<form action="/x;jsessionid={quoted}?a=1&amp;sid={quoted}"><input type=hidden name=s value="{cookie}"></form>
<a id=pdf href="/deep;jsessionid={quoted}?csrf_token={quoted}&page=2">report</a>
<script>console.error("cookie is {cookie}"); var secret = "{cookie}"; window.name = secret</script>
<script>document.querySelector("#pdf").addEventListener("click", () => alert("{cookie}"))</script>"""


class _Portal(BaseHTTPRequestHandler):
    saw: "Seen"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        signed_in = f"sid={COOKIE}" in self.headers.get("Cookie", "")
        quoted, token = quote(COOKIE, safe=""), TOKEN
        leak = _LEAK.format(cookie=COOKIE, quoted=quoted, token=token).encode()
        if path == "/login":
            self._page(_FORM.format(kind="password", value="", code="", said="").encode())
        elif not signed_in:
            self._page(b"", 302, Location="/login")
        elif path == "/records/hang":
            self.saw.hung.set()
            threading.Event().wait(60)
        elif path == "/records/missing":
            self._page(leak, 500)
        else:
            self._page(leak)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = parse_qs(text)
        given, code = fields["password"][0], fields["otp"][0]
        self.saw.codes.append(code)
        if given == PASSWORD:
            location = f"/list;jsessionid={quote(COOKIE, safe='')}?token={quote(COOKIE, safe='')}"
            self._page(b"", 302, Location=location, Set_Cookie=f"sid={COOKIE}; HttpOnly; Path=/")
        else:
            said = html.escape(f"{given} is not your password or {code} not your code")
            self._page(_FORM.format(kind="text", value=html.escape(given), code=code, said=said).encode())

    def _page(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@dataclass(frozen=True)
class Seen:
    """``hung``: set once the record ``hang`` was asked for. ``codes``: the one-time codes that were typed."""

    hung: threading.Event = field(default_factory=threading.Event)
    codes: list[str] = field(default_factory=list)


@contextmanager
def leaky_portal() -> Iterator[tuple[str, Seen]]:
    """Yield its address and what it sees."""
    saw = Seen()
    with serving(type("Portal", (_Portal,), {"saw": saw})) as server:
        yield f"http://127.0.0.1:{server.server_port}", saw
