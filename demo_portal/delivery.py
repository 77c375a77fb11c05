"""Sends documents piece by piece and logs what really went out: whole, or cut short by a client that left."""

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from demo_portal.audit import AuditLog, session_mark
from demo_portal.report_pdf import printable
from demo_portal.sessions import Session
from demo_portal.vehicles import Vehicle

_PIECE_BYTES = 64 * 1024


async def wait_or_leave(request: Request, seconds: float | None) -> bool:
    """Wait (None: for ever) while the client waits too; False when it left before the time was over."""
    if seconds == 0:
        return True
    try:
        async with asyncio.timeout(seconds):
            await until_gone(request.receive)
    except TimeoutError:
        return True
    return False


async def until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass
class Delivered:
    """One delivery of one record's document to one session, as the audit log tells it."""

    audit: AuditLog
    session: Session
    vehicle: Vehicle
    way: str

    def started(self) -> None:
        self.audit.write("document_started", **self._who())

    def finished(self, *, sent: int, complete: bool) -> None:
        self.audit.write("document_served", **self._who(), bytes=sent, complete=complete)

    def pdf(self, body: bytes, disposition: str) -> Response:
        return _AuditedResponse(self, Response(body, headers=pdf_headers(self.vehicle, disposition)))

    def html(self, response: Response) -> Response:
        return _AuditedResponse(self, response)

    def _who(self) -> dict[str, object]:
        return {
            "account": self.session.account,
            "session": session_mark(self.session.token),
            "ref": self.vehicle.ref,
            "way": self.way,
        }


def pdf_headers(vehicle: Vehicle, disposition: str) -> dict[str, str]:
    """Headers of a PDF; the file name is given as RFC 6266 wants it, with the reference as it is."""
    plain = "".join(
        letter if letter.isalnum() or letter in "-_." else "_" for letter in printable(vehicle.ref)
    )
    plain = plain.encode("ascii", "replace").decode().replace("?", "_")[:80]
    name = f"filename=\"{plain}.pdf\"; filename*=UTF-8''{quote(vehicle.ref, safe='')}.pdf"
    return {
        "Content-Type": "application/pdf",
        "Content-Disposition": f"{disposition}; {name}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


class _AuditedResponse(Response):
    """Sends another response's body in pieces, watching for the client to leave, and logs the end of it."""

    def __init__(self, delivered: Delivered, response: Response) -> None:
        super().__init__(response.body, response.status_code, dict(response.headers))
        self._delivered = delivered

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """The log line comes just before the last piece: whoever has a whole document finds it in the log."""
        body = bytes(self.body)
        sent, complete = 0, False
        leaving = asyncio.create_task(until_gone(receive))
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await asyncio.sleep(0)  # lets `leaving` look at the connection once
            while not complete and not leaving.done():
                piece = body[sent : sent + _PIECE_BYTES]
                sent += len(piece)
                complete = sent == len(body)
                if complete:
                    self._delivered.finished(sent=sent, complete=True)
                await send({"type": "http.response.body", "body": piece, "more_body": not complete})
        finally:
            leaving.cancel()
            if not complete:
                self._delivered.finished(sent=sent, complete=False)


class _Gone(Response):
    """Says nothing: nobody is listening any more."""

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        return


def gone() -> Response:
    return _Gone()
