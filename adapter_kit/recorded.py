"""A portal made of saved pages: a folder of HTML, PDF and other files, served on 127.0.0.1.

/                    index.html
/records/V-1         records/V-1.html, records/V-1, records/V-1/index.html
/list?page=2         list@page=2.html, else list.html
POST /login          login.post.html, else what GET /login gives; then one is signed in
/list, signed out    list.signed-out.html, else list.html
"""

import mimetypes
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PDF = "application/pdf"
_COOKIE = "recorded-session=1"

Pages = Path | Mapping[str, str | bytes]


@contextmanager
def recorded_portal(pages: Pages) -> Iterator[str]:
    """The address of a portal that shows ``pages``: a folder, or file name → content."""
    with tempfile.TemporaryDirectory(prefix="tabcrew-pages-") as scratch:
        folder = pages if isinstance(pages, Path) else _written(pages, Path(scratch))
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} is no folder of recorded pages")
        handler = type("RecordedPages", (_Handler,), {"folder": folder.resolve()})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="recorded-portal")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def file_for(folder: Path, address: str, kind: str = "") -> Path | None:
    """The file that answers ``address`` (path and query); None when there is none, or it lies elsewhere.

    ``kind``: ``post`` or ``signed-out``, for which there may be a file of its own.
    """
    parts = urlsplit(address)
    path = unquote(parts.path).strip("/")
    stems = [f"{path}@{unquote(parts.query)}", path] if parts.query else [path]
    for stem in stems:
        for mark in dict.fromkeys([f".{kind}" if kind else "", ""]):
            names = [f"{stem or 'index'}{mark}.html", f"{stem}{mark}", f"{stem}{mark}/index.html"]
            for name in names:
                found = (folder / name.lstrip("/")).resolve()
                if found.is_relative_to(folder) and found.is_file():
                    return found
    return None


def _written(pages: Mapping[str, str | bytes], folder: Path) -> Path:
    for name, content in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


class _Handler(BaseHTTPRequestHandler):
    folder: Path

    def do_GET(self) -> None:
        is_signed_in = _COOKIE in self.headers.get("Cookie", "")
        self._answer(file_for(self.folder, self.path, "" if is_signed_in else "signed-out"))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(file_for(self.folder, self.path, "post"), signs_in=True)

    def _answer(self, file: Path | None, *, signs_in: bool = False) -> None:
        status, body, kind = 404, b"<title>Not recorded</title>", "text/html"
        if file is not None:
            status, body = 200, file.read_bytes()
            kind = _PDF if body.startswith(b"%PDF-") else mimetypes.guess_type(file.name)[0] or kind
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(body)))
        if signs_in:
            self.send_header("Set-Cookie", f"{_COOKIE}; Path=/")
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the page was left before it was loaded

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is not a server's log."""
