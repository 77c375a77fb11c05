"""The one running portal: everything that its pages share."""

import time
from dataclasses import dataclass

from starlette.requests import Request

from demo_portal.audit import AuditLog, session_mark
from demo_portal.config import PortalConfig
from demo_portal.csrf import FormTokens
from demo_portal.faults import FaultKind, FaultPlan, Place
from demo_portal.sessions import Ended, Session, Sessions
from demo_portal.vehicles import Vehicle, make_vehicles


@dataclass
class Portal:
    """State of one application; found again by each request with ``portal_of``.

    ``refs`` are the references in the inventory's order, ``places`` says where in it a reference stands.
    """

    config: PortalConfig
    vehicles: dict[str, Vehicle]
    sessions: Sessions
    tokens: FormTokens
    plan: FaultPlan
    audit: AuditLog
    refs: tuple[str, ...]
    places: dict[str, int]

    def now(self) -> float:
        return time.monotonic()

    def neighbour(self, vehicle: Vehicle) -> Vehicle:
        """The next record, round at the end: whose document the fault *wrong* delivers."""
        return self.vehicles[self.refs[(self.places[vehicle.ref] + 1) % len(self.refs)]]

    def fault(
        self, place: Place, vehicle: Vehicle, session: Session, possible: frozenset[FaultKind]
    ) -> FaultKind | None:
        """The fault that this request is met with; it is in the audit log before it happens."""
        kind = self.plan.next(place, vehicle.ref, possible)
        if kind is not None:
            mark = session_mark(session.token)
            self.audit.write(
                "fault", account=session.account, session=mark, ref=vehicle.ref, kind=kind, place=place
            )
        return kind


def open_portal(config: PortalConfig) -> Portal:
    """A portal with its records made, nobody signed in, and its audit log open."""
    vehicles = make_vehicles(config)
    audit = AuditLog(config.audit_path)

    def log_end(session: Session, why: Ended) -> None:
        audit.write("session_ended", account=session.account, session=session_mark(session.token), reason=why)

    return Portal(
        config=config,
        vehicles=vehicles,
        sessions=Sessions(config.username, config.password, config.session_ttl_s, log_end),
        tokens=FormTokens(),
        plan=FaultPlan(config.faults, config.seed),
        audit=audit,
        refs=tuple(vehicles),
        places={ref: place for place, ref in enumerate(vehicles)},
    )


def portal_of(request: Request) -> Portal:
    portal: Portal = request.app.state.portal
    return portal
