"""What a demo portal can be told: one frozen value, checked when it is made."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from demo_portal.faults import NO_FAULTS, FaultMix

Delivery = Literal["mixed", "attachment", "inline", "new-tab", "post", "blob", "print"]
SecondLogin = Literal["ask", "replace"]

MAX_RECORDS = 100_000
"""Every record is made at start and kept in memory: 100,000 take some seconds and about 200 MB."""


@dataclass(frozen=True, kw_only=True)
class PortalConfig:
    """The same values make the same portal: records, photos and documents follow from ``seed`` alone.

    ``latency_s``: how long the portal "prepares" each document. ``session_ttl_s``: life of a session, counted
    from its sign-in, however busy it is; 0 = for ever. ``no_report``: share of the records without a
    document. ``audit_path`` None: nothing is logged. ``hostile``: references and cells that hurt careless
    programs.
    """

    records: int = 40
    seed: int = 7
    latency_s: float = 0.3
    delivery: Delivery = "mixed"
    username: str = "demo"
    password: str = field(default="tabcrew", repr=False)
    second_login: SecondLogin = "ask"
    session_ttl_s: float = 0.0
    audit_path: Path | None = None
    faults: FaultMix = NO_FAULTS
    no_report: float = 0.0
    hostile: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError that names the field, what was found and what is expected."""
        _expect(0 <= self.records <= MAX_RECORDS, "records", self.records, f"0 to {MAX_RECORDS}")
        _expect(_is_duration(self.latency_s), "latency_s", self.latency_s, "seconds, 0 or more")
        _expect(_is_duration(self.session_ttl_s), "session_ttl_s", self.session_ttl_s, "seconds, 0 = never")
        _expect(0 <= self.no_report <= 1, "no_report", self.no_report, "a share from 0 to 1")
        _expect(self.delivery in get_args(Delivery), "delivery", self.delivery, ", ".join(get_args(Delivery)))
        logins = get_args(SecondLogin)
        _expect(self.second_login in logins, "second_login", self.second_login, " or ".join(logins))
        _expect(bool(self.username and self.password), "username and password", "an empty text", "both given")


def _is_duration(value: float) -> bool:
    return math.isfinite(value) and value >= 0


def _expect(holds: bool, name: str, found: object, expected: str) -> None:
    if not holds:
        raise ValueError(f"demo portal: {name} is {found!r}, expected {expected}")
