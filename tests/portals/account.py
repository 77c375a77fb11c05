"""What every portal of these tests has: one account with one session, an audit log, documents, a server."""

import secrets
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from fpdf import FPDF
from starlette.applications import Starlette
from starlette.responses import Response


@dataclass
class Account:
    """One account, at most one active session: a new one throws the old one out, as the audit log tells."""

    username: str
    password: str
    refs: list[str]
    audit: list[tuple[str, str]] = field(default_factory=list)
    session: str = ""

    def is_right(self, username: str, password: str) -> bool:
        right = (username, password) == (self.username, self.password)
        if not right:
            self.audit.append(("login_refused", username))
        return right

    def open_session(self) -> str:
        """The token of a new session."""
        if self.session:
            self.audit.append(("session_ended", self.session))
        self.session = secrets.token_hex(8)
        self.audit.append(("login", self.username))
        return self.session

    def holds(self, token: str | None) -> bool:
        return bool(token) and token == self.session

    def document(self, ref: str, disposition: str = "attachment") -> Response:
        """The PDF of a record that exists, or 404."""
        if ref not in self.refs:
            return Response("No such record", 404)
        self.audit.append(("document_served", ref))
        headers = {"Content-Disposition": f'{disposition}; filename="document.pdf"'}
        return Response(pdf_of(ref), media_type="application/pdf", headers=headers)

    # --- what the audit log proves ---

    def all_of(self, event: str) -> list[str]:
        return [fact for name, fact in self.audit if name == event]

    def served(self) -> Counter[str]:
        return Counter(self.all_of("document_served"))


def pdf_of(ref: str) -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=20)
    pdf.cell(text=f"Document of {ref}")
    return bytes(pdf.output())


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """The portal's address, while it listens."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        config = uvicorn.Config(
            app, ws="none", lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=0
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
