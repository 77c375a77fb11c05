"""The table of addresses, and how they become an application."""

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from demo_portal import documents, inventory, records, sign_in
from demo_portal.config import PortalConfig
from demo_portal.gate import find_session, signed_in
from demo_portal.pages import message_page
from demo_portal.portal import open_portal
from demo_portal.sessions import Session
from demo_portal.static_files import static_file

_MAX_FORM_BYTES = 64 * 1024


class _RefConvertor(Convertor[str]):
    """A reference may hold anything, slashes and line breaks included; by now it is unescaped."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("ref", _RefConvertor())


async def _home(_: Request) -> Response:
    return RedirectResponse("/inventory", 302)


async def _page_not_found(request: Request, _: Exception) -> Response:
    found = find_session(request)
    session = found if isinstance(found, Session) and found.licence_accepted else None
    return message_page(request, 404, "Page not found", "There is nothing at this address.", session)


async def _bug(request: Request, error: Exception) -> Response:
    traceback.print_exception(error)
    return message_page(request, 500, "Something went wrong", "The portal made a mistake. It has been noted.")


# A record's page comes last: its reference would swallow the addresses below it.
_ROUTES = [
    Route("/", _home, methods=["GET"]),
    Route("/static/{name}", static_file, methods=["GET"]),
    Route("/login", sign_in.login_form, methods=["GET"]),
    Route("/login", sign_in.login, methods=["POST"]),
    Route("/logout", signed_in(sign_in.logout, licence=False), methods=["POST"]),
    Route("/session-conflict", sign_in.conflict_form, methods=["GET"]),
    Route("/session-conflict", sign_in.conflict, methods=["POST"]),
    Route("/licence", signed_in(sign_in.licence_form, licence=False), methods=["GET"]),
    Route("/licence", signed_in(sign_in.licence, licence=False), methods=["POST"]),
    Route("/inventory", signed_in(inventory.inventory), methods=["GET"]),
    Route("/inventory/filters", signed_in(inventory.filters), methods=["POST"]),
    Route("/inventory/export.csv", signed_in(inventory.export_csv), methods=["GET"]),
    Route("/records/{ref:ref}/photos/{name}", signed_in(records.photo), methods=["GET"]),
    Route("/records/{ref:ref}/report.pdf", signed_in(documents.report), methods=["GET"]),
    Route("/records/{ref:ref}/report", signed_in(documents.report), methods=["POST"]),
    Route("/records/{ref:ref}/print", signed_in(documents.print_view), methods=["GET"]),
    Route("/records/{ref:ref}", signed_in(records.record), methods=["GET"]),
]


def create_app(config: PortalConfig) -> Starlette:
    """A portal of its own: two applications share nothing but the process."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.portal = portal = open_portal(config)
        yield
        portal.audit.close()

    return Starlette(
        routes=_ROUTES,
        lifespan=lifespan,
        exception_handlers={404: _page_not_found, 500: _bug},
        max_body_size=_MAX_FORM_BYTES,
    )
