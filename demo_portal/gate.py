"""The gate in front of every signed-in page: session, licence, form token, in this order."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from demo_portal.pages import message_page
from demo_portal.portal import portal_of
from demo_portal.sessions import Ended, Session

SESSION_COOKIE = "meridian_session"

Page = Callable[[Request, Session], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def signed_in(show: Page, *, licence: bool = True) -> Endpoint:
    """An endpoint that calls ``show`` only inside a good session whose licence (unless False) is accepted."""

    async def endpoint(request: Request) -> Response:
        if request.method == "HEAD":  # would count as served, and use up a fault, without being seen
            return Response(status_code=405, headers={"Allow": "GET"})
        found = find_session(request)
        if not isinstance(found, Session):
            return to_sign_in(found)
        if licence and not found.licence_accepted:
            return RedirectResponse("/licence", 302)
        if request.method == "POST" and not await has_valid_token(request, found.token):
            return form_expired(request, found)
        return await show(request, found)

    return endpoint


def find_session(request: Request) -> Session | Ended | None:
    portal = portal_of(request)
    token = request.cookies.get(SESSION_COOKIE)
    return portal.sessions.find(token, portal.now()) if token else None


def to_sign_in(why: Ended | None) -> Response:
    """To the sign-in page, which tells why when the user did not do it himself."""
    told = why in (Ended.ELSEWHERE, Ended.EXPIRED)
    response = RedirectResponse(f"/login?reason={why}" if told else "/login", 302)
    if why is not None:
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


async def has_valid_token(request: Request, cookie: str) -> bool:
    token = (await request.form()).get("csrf_token")
    return isinstance(token, str) and portal_of(request).tokens.is_valid(cookie, token)


def form_expired(request: Request, session: Session | None = None) -> Response:
    text = "This form is no longer valid. Go back, reload the page and send it again."
    return message_page(request, 403, "Form expired", text, session)
