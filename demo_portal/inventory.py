"""The inventory: what the saved filter and the search leave over, as pages of a table and as CSV."""

import csv
import io
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from demo_portal.audit import session_mark
from demo_portal.pages import page
from demo_portal.portal import Portal, portal_of
from demo_portal.sessions import Session
from demo_portal.vehicles import ACTIVE, COLUMNS, Vehicle

ROWS_PER_PAGE = 25


async def inventory(request: Request, session: Session) -> Response:
    portal = portal_of(request)
    query = request.query_params.get("q", "").strip()
    found = shown_vehicles(portal, session, query)
    last = max(1, -(-len(found) // ROWS_PER_PAGE))
    number = min(_page_number(request), last)
    start = (number - 1) * ROWS_PER_PAGE
    return page(
        request,
        "inventory.html",
        session=session,
        columns=COLUMNS,
        vehicles=found[start : start + ROWS_PER_PAGE],
        found=len(found),
        total=len(portal.vehicles),
        first_row=start + 1 if found else 0,
        query=query,
        number=number,
        last=last,
        nearby=_nearby(number, last),
        page_url=lambda wanted: (
            "/inventory?" + urlencode({**({"q": query} if query else {}), "page": wanted})
        ),
        export_url="/inventory/export.csv" + (f"?{urlencode({'q': query})}" if query else ""),
    )


async def filters(request: Request, session: Session) -> Response:
    """Clear the saved filter (and with it the search), or bring it back."""
    session.only_active = (await request.form()).get("action") == "restore"
    return RedirectResponse("/inventory", 303)


async def export_csv(request: Request, session: Session) -> Response:
    portal = portal_of(request)
    found = shown_vehicles(portal, session, request.query_params.get("q", "").strip())
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(vehicle.row for vehicle in found)
    mark = session_mark(session.token)
    portal.audit.write("inventory_exported", account=session.account, session=mark, rows=len(found))
    headers = {"Content-Disposition": 'attachment; filename="inventory.csv"', "Cache-Control": "no-store"}
    # The mark at the beginning is what spreadsheets want to see before they believe in UTF-8.
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv", headers=headers)


def shown_vehicles(portal: Portal, session: Session, query: str) -> list[Vehicle]:
    """What filter and search leave over, in the inventory's order."""
    return [
        vehicle
        for vehicle in portal.vehicles.values()
        if (not session.only_active or vehicle.status == ACTIVE) and (not query or vehicle.matches(query))
    ]


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _nearby(number: int, last: int) -> list[int]:
    """Page numbers that the pager offers: the ends and two on each side; 0 stands for a gap."""
    wanted = sorted({1, last, *range(max(1, number - 2), min(last, number + 2) + 1)})
    offered: list[int] = []
    for before, here in zip([0, *wanted], wanted, strict=False):
        offered += [0, here] if here > before + 1 else [here]
    return offered
