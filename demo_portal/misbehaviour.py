"""Carries the document faults out. Nothing here is logged as a served document: what goes out is none."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from demo_portal.delivery import gone, pdf_headers, wait_or_leave
from demo_portal.faults import FaultKind
from demo_portal.gate import to_sign_in
from demo_portal.pages import message_page
from demo_portal.portal import portal_of
from demo_portal.report_pdf import report_pdf
from demo_portal.sessions import Ended, Session
from demo_portal.vehicles import Vehicle


async def instead_of_document(
    request: Request, session: Session, vehicle: Vehicle, fault: FaultKind, disposition: str
) -> Response:
    """The answer of a faulty portal. *hang* returns only when the client has left."""
    portal = portal_of(request)
    if fault is FaultKind.HANG:
        await wait_or_leave(request, None)
        return gone()
    if fault is FaultKind.LOGOUT:
        portal.sessions.end(session, Ended.EXPIRED)
        return to_sign_in(Ended.EXPIRED)
    if fault is FaultKind.LICENCE:
        session.licence_accepted = False
        return RedirectResponse("/licence", 302)
    if fault is FaultKind.ERROR:
        text = "The report service does not answer. Try again later."
        return message_page(request, 503, "Service unavailable", text, session)
    if fault is FaultKind.THROTTLE:
        response = message_page(request, 429, "Too many requests", "Slow down, please.", session)
        response.headers["Retry-After"] = str(portal.config.faults.retry_after_s)
        return response
    await wait_or_leave(request, portal.config.latency_s)
    if fault is FaultKind.HTML:
        text = "The report could not be created (reference 0x80004005)."
        return Response(
            message_page(request, 200, "Error", text).body, headers=pdf_headers(vehicle, disposition)
        )
    other = portal.neighbour(vehicle) if fault is FaultKind.WRONG else vehicle
    body = await asyncio.to_thread(report_pdf, other)
    if fault is FaultKind.TRUNCATED:
        body = body[: len(body) // 2]
    return Response(body, headers=pdf_headers(vehicle, disposition))
