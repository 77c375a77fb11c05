"""A single-page application: a JSON API, its token in localStorage, endless scroll, documents as blobs.

Its scripts ask for a document by POST; the API gives it to a GET as well.
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.portals.account import Account

_PAGE = Path(__file__).with_suffix(".html")
_ITEMS_AT_ONCE = 4
"""Fewer than the records, and just more than the list shows: the rest comes only to one who scrolls."""


class Invoices:
    """Knows no cookie at all: every request of the API bears the token."""

    def __init__(
        self, account: Account, *, forgets_session_after: int | None = None, stumbles_over: str = ""
    ) -> None:
        """``forgets_session_after``: so many documents. ``stumbles_over``: the document of this record leads
        at first to an error whose address repeats the token.
        """
        self.account = account
        self.pages_loaded = 0
        self._forgets_session_after = forgets_session_after
        self._stumbles_over = stumbles_over

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/api/token", self.token, methods=["POST"]),
                Route("/api/invoices", self.invoices),
                Route("/api/invoices/{ref}", self.invoice),
                Route("/api/invoices/{ref}/pdf", self.pdf, methods=["GET", "POST"]),
                Route("/api/failed/{token}", self.failed),
            ]
        )

    async def page(self, _: Request) -> Response:
        self.pages_loaded += 1
        return FileResponse(_PAGE)

    async def token(self, request: Request) -> Response:
        given = await request.json()
        if not self.account.is_right(given["email"], given["password"]):
            return JSONResponse({"error": "unknown"}, 403)
        return JSONResponse({"token": self.account.open_session()})

    async def invoices(self, request: Request) -> Response:
        if not self._has_token(request):
            return JSONResponse({"error": "no session"}, 401)
        begin = int(request.query_params["after"])
        end = begin + _ITEMS_AT_ONCE
        items = [{"number": ref, "customer": f"Customer {ref}"} for ref in self.account.refs[begin:end]]
        total = len(self.account.refs)
        return JSONResponse({"items": items, "total": total, "next": str(end) if end < total else None})

    async def invoice(self, request: Request) -> Response:
        if not self._has_token(request):
            return JSONResponse({"error": "no session"}, 401)
        return JSONResponse({"customer": f"Customer {request.path_params['ref']}"})

    async def pdf(self, request: Request) -> Response:
        if not self._has_token(request):
            return JSONResponse({"error": "no session"}, 401)
        ref = request.path_params["ref"]
        if ref == self._stumbles_over:
            self._stumbles_over = ""
            return RedirectResponse(f"/api/failed/{self.account.session}", 303)
        document = self.account.document(ref)
        if self.account.served().total() == self._forgets_session_after:
            self.account.session = ""
        return document

    async def failed(self, _: Request) -> Response:
        return Response("Failed", 500)

    def _has_token(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and self.account.holds(token)
