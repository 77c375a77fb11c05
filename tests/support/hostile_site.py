"""A portal without a sign-in whose records misbehave, each in the way that its reference names.

It counts what it serves: ``served`` and ``asked`` by reference.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from fpdf import FPDF
from fpdf.enums import AccessPermission

from tests.support.serving import serving

_GET = '<a id="get" href="/doc/{ref}">Get</a>'
_PAGES = {
    "alert": "<script>alert('maintenance'); setTimeout(() => alert('tonight'), 0)</script>" + _GET,
    "confirm": "<script>if (confirm('leave?')) location = '/gone'; prompt('why?')</script>" + _GET,
    "beforeunload": "<script>onbeforeunload = event => { event.preventDefault(); return 'stay' }</script>"
    + _GET,
    "pop-up-storm": "<script>for (let n = 0; n < 10; n++) open('/other')</script>" + _GET,
    "service-worker": "<script>navigator.serviceWorker.register('/worker.js')</script>" + _GET,
    "never-loads": '<img src="/never">' + _GET,
    "endless-redirect": '<a id="get" href="/round">Get</a>',
    "print-dialog": "<script>print()</script>" + _GET,
    "eats-memory": "<script>const eaten = []; for (;;) eaten.push(new Array(1e6).fill(0.5))</script>" + _GET,
    "closes-itself": "<script>setTimeout(() => { open('', '_self'); close() }, 0)</script>" + _GET,
}
WORKER = "onfetch = event => event.respondWith(fetch(event.request)); skipWaiting()"

DELIVERED = (
    "plain",
    "alert",
    "confirm",
    "beforeunload",
    "pop-up-storm",
    "service-worker",
    "never-loads",
    "print-dialog",
    "twin-1",
    "twin-2",
    "../../climbs",
    "CON",
    "control\x07\x1b[31m",
    "emoji 🚗",
    "case",
    "CASE",
    "long-" + "x" * 300,
)
"""Their page is a nuisance, or their name is: the document comes all the same."""

FAILED = {
    "204": ("transient", ""),
    "page-204": ("transient", ""),
    "empty": ("transient", "empty"),
    "no-pages": ("transient", ""),
    "locked": ("permanent", "locked with a password"),
    "html-as-pdf": ("transient", "a page instead of a PDF"),
    "truncated": ("transient", "truncated"),
    "wrong-record": ("transient", "may be another record's"),
    "endless-redirect": ("transient", ""),
}
"""Reference → class and words of the reason that the ledger must keep."""


@dataclass
class HostileSite:
    url: str
    served: Counter[str] = field(default_factory=Counter)


def pdf(text: str, *, password: str = "") -> bytes:
    document = FPDF()
    document.set_creation_date(datetime(2025, 1, 1, tzinfo=UTC))  # the same bytes each time
    document.add_page()
    document.set_font("helvetica", size=12)
    document.multi_cell(0, text=text.encode("latin-1", "replace").decode("latin-1"))
    if password:
        document.set_encryption("owner", password, permissions=AccessPermission.none())
    return bytes(document.output())


_NO_PAGES = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000056 00000 n \n"
    b"trailer\n<</Root 1 0 R/Size 3>>\n"
    b"startxref\n105\n%%EOF\n"
)


def body_of(ref: str) -> bytes:
    """What comes when the document of ``ref`` is asked for."""
    match ref:
        case "empty":
            return b""
        case "no-pages":
            return _NO_PAGES
        case "locked":
            return pdf(ref, password="secret")
        case "html-as-pdf":
            return b"<!doctype html><title>Error 0x80004005</title>"
        case "truncated":
            whole = pdf(ref)
            return whole[: len(whole) // 2]
        case "wrong-record":
            return pdf("somebody-else")
        case "twin-1" | "twin-2":
            return pdf("twin-1 twin-2")
        case _:
            return pdf(ref)


class _Handler(BaseHTTPRequestHandler):
    site: HostileSite
    over: threading.Event

    def do_GET(self) -> None:
        kind, _, rest = self.path.lstrip("/").partition("/")
        ref = unquote(rest)
        match kind:
            case "record" if ref == "page-204":
                self._answer(204)
            case "record":
                page = _PAGES.get(ref, _GET).replace("{ref}", rest)
                self._answer(200, f"<!doctype html><title>Record</title>{page}".encode())
            case "doc" if ref == "204":
                self._answer(204)
            case "doc":
                self.site.served[ref] += 1
                self._answer(200, body_of(ref), "application/pdf")
            case "worker.js":
                self._answer(200, WORKER.encode(), "text/javascript")
            case "never":
                self.over.wait(60)
            case "round":
                self._answer(302, location="/round")
            case _:
                self._answer(200, b"<!doctype html><title>Other</title>")

    def _answer(self, status: int, body: bytes = b"", kind: str = "text/html", location: str = "") -> None:
        try:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the page was closed before it had its answer

    def log_message(self, *_: object) -> None:
        """A test's output is not a server's log."""


@contextmanager
def hostile_site() -> Iterator[HostileSite]:
    over = threading.Event()
    handler = type("Handler", (_Handler,), {"over": over})
    with serving(handler) as server:
        site = handler.site = HostileSite(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        try:
            yield site
        finally:
            over.set()
