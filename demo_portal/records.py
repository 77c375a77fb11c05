"""The page of one record and its photos."""

from starlette.requests import Request
from starlette.responses import Response

from demo_portal.faults import PAGE_FAULTS, Place
from demo_portal.pages import message_page, page
from demo_portal.photos import PHOTOS, photo_bytes
from demo_portal.portal import portal_of
from demo_portal.sessions import Session
from demo_portal.vehicles import Vehicle


async def record(request: Request, session: Session) -> Response:
    vehicle = find_vehicle(request)
    if vehicle is None:
        return record_not_found(request, session)
    portal = portal_of(request)
    fault = portal.fault(Place.PAGE, vehicle, session, PAGE_FAULTS)
    place = portal.places[vehicle.ref]
    return page(
        request,
        "record.html",
        session=session,
        vehicle=vehicle,
        photos=PHOTOS,
        fault=fault,
        before=portal.refs[place - 1] if place else None,
        after=portal.refs[place + 1] if place + 1 < len(portal.refs) else None,
    )


async def photo(request: Request, session: Session) -> Response:
    vehicle = find_vehicle(request)
    found = photo_bytes(vehicle, request.path_params["name"]) if vehicle else None
    if found is None:
        return message_page(request, 404, "Photo not found", "There is no such photo.", session)
    body, media_type = found
    return Response(body, media_type=media_type, headers={"Cache-Control": "no-store"})


def find_vehicle(request: Request) -> Vehicle | None:
    return portal_of(request).vehicles.get(request.path_params["ref"])


def record_not_found(request: Request, session: Session) -> Response:
    text = f"There is no record {request.path_params['ref']} in this fleet."
    return message_page(request, 404, "Record not found", text, session)
