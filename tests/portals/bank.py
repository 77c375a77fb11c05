"""A portal that settings cannot describe: letters of a password are asked for, and statements are ordered.

The sign-in asks for three letters of the password, other ones each time. A statement is ordered, made in the
background, and laid into an outbox under a number of its own.
"""

import random
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.portals.account import Account

_LOOKS_UNTIL_MADE = 2


def _page(body: str, title: str) -> HTMLResponse:
    return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1>{body}")


class Bank:
    def __init__(self, account: Account) -> None:
        self.account = account
        self._asked: list[int] = []
        self._orders: dict[str, str] = {}
        self._looks: dict[str, int] = {}
        self._numbers = count(70_001)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.home),
                Route("/sign-in", self.sign_in_form, methods=["GET"]),
                Route("/sign-in", self.sign_in, methods=["POST"]),
                Route("/statements.xml", self.statements),
                Route("/orders", self.order, methods=["POST"]),
                Route("/orders/{number}", self.look),
                Route("/outbox/{number}", self.outbox),
            ]
        )

    async def sign_in_form(self, _: Request, alert: str = "") -> Response:
        """Positions count from 1, as people do."""
        self._asked = sorted(random.sample(range(1, len(self.account.password) + 1), 3))
        letters = "".join(f"<label>Letter {n} <input name=letter-{n} size=1></label>" for n in self._asked)
        fields = f"<label>Customer <input name=customer></label>{letters}<button>Go</button>"
        return _page(f"<p role=alert>{alert}</p><form method=post>{fields}</form>", "Sign in")

    async def sign_in(self, request: Request) -> Response:
        form = await request.form()
        given = [str(form.get(f"letter-{n}")) for n in self._asked]
        wanted = [self.account.password[n - 1] for n in self._asked]
        password = self.account.password if given == wanted else ""
        if not self.account.is_right(str(form["customer"]), password):
            return await self.sign_in_form(request, "These letters are wrong.")
        response = RedirectResponse("/", 303)
        response.set_cookie("bank", self.account.open_session(), httponly=True)
        return response

    async def home(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return RedirectResponse("/sign-in", 302)
        return _page("<a id=statements href=/statements.xml>All statements</a>", "Your accounts")

    async def statements(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return Response("", 401)
        entries = "".join(f'<statement id="{ref}" year="2026"/>' for ref in self.account.refs)
        return Response(f"<statements>{entries}</statements>", media_type="application/xml")

    async def order(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return Response("", 401)
        number = str(next(self._numbers))
        self._orders[number] = str((await request.json())["statement"])
        return JSONResponse({"order": number}, 202)

    async def look(self, request: Request) -> Response:
        number = request.path_params["number"]
        self._looks[number] = self._looks.get(number, 0) + 1
        is_made = self._looks[number] >= _LOOKS_UNTIL_MADE
        return JSONResponse({"state": "made" if is_made else "waiting"})

    async def outbox(self, request: Request) -> Response:
        """An order that is not made yet, or was fetched already, is not there."""
        number = request.path_params["number"]
        is_made = self._looks.get(number, 0) >= _LOOKS_UNTIL_MADE
        if not self._is_signed_in(request) or not is_made or number not in self._orders:
            return Response("Nothing here", 404)
        return self.account.document(self._orders.pop(number))

    def _is_signed_in(self, request: Request) -> bool:
        return self.account.holds(request.cookies.get("bank"))
