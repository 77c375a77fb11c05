"""A clinic's portal: user name, then password, then one-time code; frames in a frame; reports in pop-ups.

The button for a report lies in a shadow root, in an iframe, in an iframe; it opens the PDF in the viewer.
"""

import base64
import hmac
import secrets
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.portals.account import Account

TOTP_SECRET = "JBSWY3DPEHPK3PXP"
_ROWS_AT_ONCE = 5

_LIST = """<table><thead><tr><th>Date<th>Report</thead><tbody></tbody></table>
<button id=more>Load more</button>
<script>
async function load() {
  const shown = document.querySelectorAll("tbody tr").length;
  const {rows, more} = await (await fetch("/app/rows?from=" + shown)).json();
  document.querySelector("tbody").insertAdjacentHTML("beforeend",
    rows.map(ref => `<tr><td>2026-03-14<td>${ref}</tr>`).join(""));
  if (!more) document.querySelector("#more").remove();
}
document.querySelector("#more").onclick = load;
load();
</script>"""

_REPORT = """<h2>{ref}</h2><report-actions></report-actions>
<script>
customElements.define("report-actions", class extends HTMLElement {{
  connectedCallback() {{
    this.attachShadow({{mode: "open"}}).innerHTML = "<button>View report</button>";
    this.shadowRoot.querySelector("button").onclick = () => window.open("/reports/{ref}.pdf");
  }}
}});
</script>"""


def _page(body: str, title: str = "Clinic") -> HTMLResponse:
    return HTMLResponse(f"<!doctype html><title>{title}</title>{body}")


def _step(alert: str, field: str) -> HTMLResponse:
    said = f"<p role=alert>{alert}</p>" if alert else ""
    return _page(f"{said}<form method=post>{field}<button>Continue</button></form>", "Sign in")


class Clinic:
    def __init__(self, account: Account) -> None:
        self.account = account
        self._on_the_way: dict[str, str] = {}
        self._used_codes: set[str] = set()

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/sign-in", self.name, methods=["GET", "POST"]),
                Route("/sign-in/password", self.password, methods=["GET", "POST"]),
                Route("/sign-in/code", self.code, methods=["GET", "POST"]),
                Route("/app/rows", self.rows),
                Route("/app/{place:path}", self.inner),
                Route("/reports/{ref}.pdf", self.report),
                Route("/{place:path}", self.shell),
            ]
        )

    # --- the way in ---

    async def name(self, request: Request) -> Response:
        if request.method == "GET":
            return _step("", "<label>User name <input name=user></label>")
        visitor = secrets.token_hex(8)
        self._on_the_way[visitor] = str((await request.form())["user"])
        response = RedirectResponse("/sign-in/password", 303)
        response.set_cookie("visitor", visitor)
        return response

    async def password(self, request: Request) -> Response:
        if request.method == "GET":
            return _step("", "<label>Password <input type=password name=secret></label>")
        visitor = request.cookies.get("visitor", "")
        name = self._on_the_way.pop(visitor, "")
        if not self.account.is_right(name, str((await request.form())["secret"])):
            return _step("Wrong user name or password", "<a href=/sign-in>Again</a>")
        self._on_the_way[visitor] = "wants a code"
        return RedirectResponse("/sign-in/code", 303)

    async def code(self, request: Request) -> Response:
        """A code is good for one sign-in only, in its own half minute or the next."""
        field = "<label>Code <input name=otp inputmode=numeric></label>"
        if (
            request.method == "GET"
            or self._on_the_way.get(request.cookies.get("visitor", "")) != "wants a code"
        ):
            return _step("", field)
        code = str((await request.form())["otp"])
        if code not in (_code_at(time.time()), _code_at(time.time() - 30)) or code in self._used_codes:
            return _step("Wrong code", field)
        self._used_codes.add(code)
        response = RedirectResponse("/", 303)
        response.set_cookie("clinic", self.account.open_session(), httponly=True)
        return response

    # --- behind it ---

    async def shell(self, request: Request) -> Response:
        """/ and /reports/<ref>: the same frame around either."""
        if not self._is_signed_in(request):
            return RedirectResponse("/sign-in", 303)
        inner = (
            f"<iframe name=app src='/app/frame/{request.path_params['place']}' width=900 height=500></iframe>"
        )
        return _page(f"<header><button id=account>My account</button></header>{inner}")

    async def inner(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return Response("Signed out", 401)
        place = request.path_params["place"]
        if place.startswith("frame/"):
            src = place.replace("frame/", "/app/", 1)
            return _page(
                f"<nav>Reports</nav><iframe class=content src='{src}' width=800 height=400></iframe>"
            )
        ref = place.removeprefix("reports/")
        return _page(_REPORT.format(ref=ref) if ref else _LIST)

    async def rows(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return Response("Signed out", 401)
        begin = int(request.query_params["from"])
        end = begin + _ROWS_AT_ONCE
        return JSONResponse({"rows": self.account.refs[begin:end], "more": end < len(self.account.refs)})

    async def report(self, request: Request) -> Response:
        if not self._is_signed_in(request):
            return RedirectResponse("/sign-in", 303)
        return self.account.document(request.path_params["ref"], "inline")

    def _is_signed_in(self, request: Request) -> bool:
        return self.account.holds(request.cookies.get("clinic"))


def _code_at(seconds: float) -> str:
    """RFC 6238, in its usual form: SHA-1, 30 s, six digits."""
    key = base64.b32decode(TOTP_SECRET)
    digest = hmac.digest(key, (int(seconds) // 30).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"
