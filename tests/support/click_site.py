"""A tiny portal with every way in which a click may lead to a PDF, or not. It serves each document once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.support.serving import serving

DOCUMENT_WAYS = (
    "attachment", "inline", "post", "blob",
    "blank", "blank-attachment", "blank-opener", "blank-post",
    "open", "open-later", "open-twice", "open-blob",
)  # fmt: skip
"""The ids of the controls on ``/?n=<number>`` that lead to the document of that number."""

_PAGE = """<!doctype html><title>home</title>
<a id="attachment" href="/pdf?n={n}&as=attachment">a</a>
<a id="inline" href="/pdf?n={n}">a</a>
<a id="blank" target="_blank" href="/pdf?n={n}">a</a>
<a id="blank-attachment" target="_blank" href="/pdf?n={n}&as=attachment">a</a>
<a id="blank-opener" target="_blank" rel="opener" href="/pdf?n={n}">a</a>
<form method="post" action="/pdf?n={n}&as=attachment"><button id="post">b</button></form>
<form method="post" action="/pdf?n={n}" target="_blank"><button id="blank-post">b</button></form>
<button id="open" onclick="window.open('/pdf?n={n}')">b</button>
<button id="open-later">b</button>
<button id="open-twice" onclick="window.open('/opener?n={n}')">b</button>
<button id="blob">b</button>
<button id="open-blob">b</button>
<a id="slow" href="/pdf?n={n}&wait=30">a</a>
<a id="cut" href="/cut">a</a>
<a id="busy" href="/busy">a</a>
<a id="page" href="/other">a</a>
<a id="blank-page" target="_blank" href="/other">a</a>
<button id="alert" onclick="alert('no report today')">b</button>
<button id="confirm" onclick="document.title = confirm('sure?') ? 'yes' : 'no'">b</button>
<button id="spin" onclick="setTimeout(() => {{ while (true); }}, 10)">b</button>
<script>
const byId = id => document.getElementById(id);
const document_blob = () => fetch("/pdf?n={n}").then(answer => answer.blob());
byId("blob").onclick = async () => {{
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await document_blob());
  link.download = "x.pdf";
  link.click();
}};
byId("open-blob").onclick = async () => window.open(URL.createObjectURL(await document_blob()));
byId("open-later").onclick = () => {{
  const popup = window.open("about:blank");
  setTimeout(() => {{ popup.location = "/pdf?n={n}"; }}, 50);
}};
</script>"""


def document(number: str) -> bytes:
    """Bytes that look like a PDF to Chrome and tell which one they are."""
    return b"%PDF-1.4\n" + b"x" * 20_000 + f"\n%%EOF {number}".encode()


class _Handler(BaseHTTPRequestHandler):
    served: set[str]
    gone: threading.Event

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        number = query.get("n", "0")
        match address.path:
            case "/":
                self._answer(200, "text/html", _PAGE.format(n=number).encode())
            case "/opener":
                self._answer(200, "text/html", f"<script>window.open('/pdf?n={number}')</script>".encode())
            case "/pdf":
                self._document(number, query)
            case "/cut":
                self._answer(200, "application/pdf", document(number), announce=99_999)
            case "/busy":
                self._answer(503, "text/html", b"<title>busy</title>", {"Retry-After": "7"})
            case "/signed-out":
                self._answer(401, "text/html", b"<title>sign in</title>")
            case "/moved":
                self._answer(302, "text/html", b"", {"Location": f"/pdf?n={number}"})
            case "/other":
                self._answer(200, "text/html", b"<title>Other page</title><p>other")
            case _:
                self._answer(404, "text/html", b"<title>not found</title>")

    def do_POST(self) -> None:
        self.do_GET()

    def _document(self, number: str, query: dict[str, str]) -> None:
        if number in self.served:
            self._answer(410, "text/html", b"<title>served already</title>")
            return
        self.served.add(number)
        self.gone.wait(float(query.get("wait", "0")))
        disposition = {"Content-Disposition": f'{query.get("as", "inline")}; filename="{number}.pdf"'}
        self._answer(200, "application/pdf", document(number), disposition)

    def _answer(
        self,
        status: int,
        kind: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        announce: int | None = None,
    ) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if announce is None else announce))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the test is over or gave up waiting

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def click_site() -> Iterator[str]:
    """Yield its address."""
    gone = threading.Event()
    handler = type("Handler", (_Handler,), {"served": set(), "gone": gone})
    with serving(handler) as server:
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            gone.set()
