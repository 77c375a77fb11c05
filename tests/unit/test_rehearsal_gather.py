"""A document belongs to the attempt that asked for it, not to whoever worked when it went out."""

from typing import Any

from tests.rehearsal.evidence import Serve
from tests.rehearsal.gather import serves


def entry(second: float, event: str, **more: Any) -> dict[str, Any]:
    return {"at": f"2026-01-01T00:00:{second:06.3f}+00:00", "event": event, "ref": "V-1", **more}


def test_serve_bears_the_instant_of_its_request_when_it_went_out_later() -> None:
    audit = [
        entry(1, "document_started"),
        entry(2, "document_served", complete=False),
        entry(3, "document_started"),
        entry(4, "document_served", complete=True),
    ]
    (asked,) = serves(audit)
    (late,) = serves([entry(3, "document_started"), entry(9, "document_served", complete=True)])
    assert asked == late == Serve(asked.at, "V-1")
    assert asked.at % 60 == 3
