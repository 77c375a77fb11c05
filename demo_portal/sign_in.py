"""The way in: sign-in form, conflict with another session, licence, sign-out."""

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from demo_portal.audit import session_mark
from demo_portal.gate import SESSION_COOKIE, find_session, form_expired, has_valid_token
from demo_portal.pages import page
from demo_portal.portal import portal_of
from demo_portal.sessions import Ended, PasswordCheck, Session

_VISITOR_COOKIE = "meridian_visitor"
_NOTICES = {
    "expired": "Your session has expired. Sign in again to continue.",
    "elsewhere": "You were signed out because your account signed in elsewhere.",
}
_ALERTS = {
    PasswordCheck.REFUSED: "Wrong user name or password.",
    PasswordCheck.LOCKED: "Your account is locked after five refused sign-ins. Contact your administrator.",
}


async def login_form(request: Request) -> Response:
    if isinstance(find_session(request), Session):
        return RedirectResponse("/inventory", 302)
    return _login_page(request, notice=_NOTICES.get(request.query_params.get("reason", ""), ""))


async def login(request: Request) -> Response:
    portal = portal_of(request)
    visitor = request.cookies.get(_VISITOR_COOKIE, "")
    if not await has_valid_token(request, visitor):
        return form_expired(request)
    form = await request.form()
    username, password = str(form.get("username", "")), str(form.get("password", ""))
    check = portal.sessions.check_password(username, password)
    if check is not PasswordCheck.ACCEPTED:
        # What stands in the user name field may be a password typed too early: only the known name is logged.
        known = username if username == portal.config.username else "unknown"
        portal.audit.write("login_refused", account=known, reason=check)
        return _login_page(request, alert=_ALERTS[check], username=username)
    other = portal.sessions.active(portal.now())
    if other is None or portal.config.second_login == "replace" or find_session(request) is other:
        return _open_session(request)
    portal.audit.write("conflict", account=other.account, session=session_mark(other.token))
    portal.sessions.wait_for_decision(visitor)
    return RedirectResponse("/session-conflict", 302)


async def conflict_form(request: Request) -> Response:
    portal = portal_of(request)
    visitor = request.cookies.get(_VISITOR_COOKIE, "")
    if not portal.sessions.is_waiting(visitor):
        return RedirectResponse("/login", 302)
    return page(request, "conflict.html", csrf=portal.tokens.token(visitor))


async def conflict(request: Request) -> Response:
    portal = portal_of(request)
    visitor = request.cookies.get(_VISITOR_COOKIE, "")
    if not await has_valid_token(request, visitor):
        return form_expired(request)
    may_go_on = portal.sessions.stop_waiting(visitor)
    if not may_go_on or (await request.form()).get("action") != "end":
        return RedirectResponse("/login", 302)
    return _open_session(request)


async def licence_form(request: Request, session: Session) -> Response:
    if session.licence_accepted:
        return RedirectResponse("/inventory", 302)
    return page(request, "licence.html", session=session, complaint="")


async def licence(request: Request, session: Session) -> Response:
    if (await request.form()).get("accept") != "yes":
        return page(request, "licence.html", session=session, complaint="Accept the terms to continue.")
    session.licence_accepted = True
    portal_of(request).audit.write(
        "licence_accepted", account=session.account, session=session_mark(session.token)
    )
    return RedirectResponse("/inventory", 302)


async def logout(request: Request, session: Session) -> Response:
    portal_of(request).sessions.end(session, Ended.SIGNED_OUT)
    response = RedirectResponse("/login", 302)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


def _login_page(request: Request, *, notice: str = "", alert: str = "", username: str = "") -> Response:
    """The form; a visitor without a cookie gets one, because the form's token belongs to it."""
    visitor = request.cookies.get(_VISITOR_COOKIE) or secrets.token_urlsafe(24)
    csrf = portal_of(request).tokens.token(visitor)
    response = page(request, "login.html", csrf=csrf, notice=notice, alert=alert, username=username)
    response.set_cookie(_VISITOR_COOKIE, visitor, httponly=True, samesite="lax")
    return response


def _open_session(request: Request) -> Response:
    """A new session under a new token, so that nobody can plant one beforehand."""
    portal = portal_of(request)
    session = portal.sessions.open(portal.now())
    portal.audit.write("login", account=session.account, session=session_mark(session.token))
    response = RedirectResponse("/licence", 302)
    response.set_cookie(SESSION_COOKIE, session.token, httponly=True, samesite="lax")
    return response
