"""Hands out a record's document, by whatever way its page asked for it, or a fault in its place."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from demo_portal.delivery import Delivered, gone, wait_or_leave
from demo_portal.faults import DOCUMENT_FAULTS, PRINT_FAULTS, FaultKind, Place
from demo_portal.misbehaviour import instead_of_document
from demo_portal.pages import message_page, page
from demo_portal.portal import Portal, portal_of
from demo_portal.records import find_vehicle, record_not_found
from demo_portal.report_pdf import report_pdf
from demo_portal.sessions import Session
from demo_portal.vehicles import FIRST_DAY

_SHOWN = frozenset({"inline", "new-tab"})
"""Ways whose document a browser shows in its viewer; the others are attachments."""


async def report(request: Request, session: Session) -> Response:
    """GET and POST alike: the record's PDF."""
    vehicle = find_vehicle(request)
    if vehicle is None:
        return record_not_found(request, session)
    if not vehicle.has_report or vehicle.way == "print":
        return message_page(request, 404, "No report", "No report available for this record.", session)
    portal = portal_of(request)
    fault = portal.fault(Place.DOCUMENT, vehicle, session, DOCUMENT_FAULTS)
    disposition = "inline" if vehicle.way in _SHOWN else "attachment"
    if fault is not None and fault is not FaultKind.SLOW:
        return await instead_of_document(request, session, vehicle, fault, disposition)
    delivered = Delivered(portal.audit, session, vehicle, way=vehicle.way)
    if not await _prepared(request, portal, delivered, fault):
        return gone()
    body = await asyncio.to_thread(report_pdf, vehicle)
    return delivered.pdf(body, disposition)


async def print_view(request: Request, session: Session) -> Response:
    """The record laid out for paper; here the page itself is the document."""
    vehicle = find_vehicle(request)
    if vehicle is None:
        return record_not_found(request, session)
    portal = portal_of(request)
    fault = portal.fault(Place.DOCUMENT, vehicle, session, PRINT_FAULTS)
    shown = vehicle
    if fault is FaultKind.WRONG:
        shown = portal.neighbour(vehicle)
    elif fault is not None and fault is not FaultKind.SLOW:
        return await instead_of_document(request, session, vehicle, fault, "inline")
    delivered = Delivered(portal.audit, session, vehicle, way="print")
    if not await _prepared(request, portal, delivered, fault):
        return gone()
    response = page(request, "print.html", session=session, vehicle=shown, issued=FIRST_DAY)
    return response if fault is FaultKind.WRONG else delivered.html(response)


async def _prepared(request: Request, portal: Portal, delivered: Delivered, fault: FaultKind | None) -> bool:
    """Take the time that a document takes; False when the client left meanwhile."""
    delivered.started()
    wait_s = portal.config.latency_s + (portal.config.faults.slow_s if fault is FaultKind.SLOW else 0.0)
    if await wait_or_leave(request, wait_s):
        return True
    delivered.finished(sent=0, complete=False)
    return False
