"""A register of deeds as portals were built in 2001: framesets, forms, session ids in every address.

One address, /, shows the logon or the desk. The cookie leads back to the desk, no further: each page in a
frame wants the session's id in its own address, and does not stand alone.
"""

from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.portals.account import Account

_ROWS_ON_A_PAGE = 4
_NOT_ALONE = "<script>if (top === self) location = '/';</script>"


def _page(body: str, title: str = "Register of Deeds") -> HTMLResponse:
    return HTMLResponse(f"<html><head><title>{title}</title></head>{body}</html>")


class Deeds:
    def __init__(self, account: Account) -> None:
        self.account = account

    @property
    def app(self) -> Starlette:
        pages = {"menu": self.menu, "register": self.register, "deed": self.deed, "print": self.print}
        return Starlette(
            routes=[
                Route("/", self.frames),
                Route("/logon", self.logon_form, methods=["GET"]),
                Route("/logon", self.logon, methods=["POST"]),
                *(
                    Route(f"/{name};sid={{sid}}", page, methods=["GET", "POST"])
                    for name, page in pages.items()
                ),
            ]
        )

    async def frames(self, request: Request) -> Response:
        sid = request.cookies.get("desk")
        if not self.account.holds(sid):
            return _page(
                "<frameset rows='60,*'><frame src='about:blank'><frame name=work src=/logon></frameset>"
            )
        menu, work = (
            f"<frame name=menu src='/menu;sid={sid}'>",
            f"<frame name=work src='/register;sid={sid}'>",
        )
        return _page(f"<frameset cols='120,*'>{menu}{work}</frameset>")

    async def logon_form(self, _: Request, complaint: str = "") -> Response:
        fields = "<input name=USERID> <input name=PASSWD type=password> <input type=submit value='Log on'>"
        said = f"<font color=red>{complaint}</font>" if complaint else ""
        return _page(
            f"<body>{_NOT_ALONE}{said}<form method=post action=/logon target=_top>{fields}</form></body>"
        )

    async def logon(self, request: Request) -> Response:
        form = await request.form()
        if not self.account.is_right(str(form.get("USERID")), str(form.get("PASSWD"))):
            return await self.logon_form(request, "USERID or PASSWD invalid")
        response = RedirectResponse("/", 303)
        response.set_cookie("desk", self.account.open_session())
        return response

    async def menu(self, request: Request) -> Response:
        sid = self._sid(request)
        if not sid:
            return self._ended()
        return _page(
            f"<body><a href='/register;sid={sid}' target=work>Register</a><br><a id=logoff>Log off</a></body>"
        )

    async def register(self, request: Request) -> Response:
        """The rows that were asked for: a page of all, or those with the words that were searched for."""
        sid = self._sid(request)
        if not sid:
            return self._ended()
        form = await request.form()
        words, page = str(form.get("find", "")), int(str(form.get("page", "1")))
        found = [ref for ref in self.account.refs if words in ref]
        shown = found[(page - 1) * _ROWS_ON_A_PAGE : page * _ROWS_ON_A_PAGE]
        rows = "".join(
            f"<tr><td>{ref}</td><td><a href='/deed;sid={sid}?{urlencode({'no': ref})}'>open</a></td></tr>"
            for ref in shown
        )
        here = f"<form method=post action='/register;sid={sid}'>"
        next_page = f"<input type=hidden name=page value={page + 1}><input type=submit value='Next page'>"
        return _page(
            f"<body>{_NOT_ALONE}{here}<input name=find><input type=submit value=Find></form>"
            f"<table border=1><tr><td><b>Deed no.</b></td><td></td></tr>{rows}</table>"
            f"{here + next_page + '</form>' if page * _ROWS_ON_A_PAGE < len(found) else ''}</body>"
        )

    async def deed(self, request: Request) -> Response:
        sid, ref = self._sid(request), request.query_params.get("no", "")
        if not sid:
            return self._ended()
        fields = f"<input type=hidden name=no value='{ref}'><input type=submit value='Print deed'>"
        form = f"<form method=post action='/print;sid={sid}'>{fields}</form>"
        return _page(f"<body>{_NOT_ALONE}<h3>Deed {ref}</h3>{form}</body>")

    async def print(self, request: Request) -> Response:
        if not self._sid(request) or request.method != "POST":
            return self._ended()
        return self.account.document(str((await request.form())["no"]))

    def _sid(self, request: Request) -> str:
        sid: str = request.path_params["sid"]
        return sid if self.account.holds(sid) else ""

    def _ended(self) -> Response:
        return _page("<body>Your session has ended. <a href=/ target=_top>Log on</a></body>")
