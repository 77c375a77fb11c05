"""Renders templates; the only file that knows Jinja. Every page leaves with the same protective headers."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from demo_portal.portal import portal_of
from demo_portal.sessions import Session

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@cache
def static_url(name: str) -> str:
    """Address of a static file; it changes with the content, so that browsers may keep the file for ever."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:8]}"


def record_url(ref: str) -> str:
    """Address of a record's page; the reference is escaped whole, slashes included."""
    return f"/records/{quote(ref, safe='')}"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")  # a narrow space that does not break


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static_url"] = static_url
    environment.filters["record_url"] = record_url
    environment.filters["thousands"] = _thousands
    return environment


_pages = _environment()


def page(
    request: Request, template: str, *, session: Session | None = None, status: int = 200, **values: object
) -> HTMLResponse:
    """The template as a response. With a session it has the account menu and the session's form token."""
    csrf = portal_of(request).tokens.token(session.token) if session else ""
    body = _pages.get_template(template).render(**{"csrf": csrf, "session": session, **values})
    return HTMLResponse(body, status, headers=_HEADERS)


def message_page(
    request: Request, status: int, title: str, text: str, session: Session | None = None
) -> HTMLResponse:
    """A page that only says something: not found, form expired."""
    return page(request, "message.html", session=session, status=status, title=title, text=text)
