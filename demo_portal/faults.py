"""Decides which request is met with which fault: by seed, reproducibly. Nothing here misbehaves itself.

A fault either passes (it hits only a record's first request, so that a second attempt succeeds) or stays (it
hits every request of one record). Requests are counted per record and per *place*: the record's page is one
place, its document the other, because they fail in different ways.
"""

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self


class FaultKind(StrEnum):
    """How the portal misbehaves; ``misbehaviour.py`` and ``static/fault-*.js`` carry it out."""

    SLOW = "slow"  # the document comes whole, but slow_s later
    HANG = "hang"  # no answer until the client gives up
    ERROR = "error"  # 503
    THROTTLE = "throttle"  # 429 with Retry-After
    LOGOUT = "logout"  # the session ends, the sign-in page answers
    LICENCE = "licence"  # the consent is forgotten, the licence page answers
    TRUNCATED = "truncated"  # the first half of the PDF, with a matching Content-Length
    HTML = "html"  # an error page that calls itself application/pdf, status 200
    WRONG = "wrong"  # another record's document
    ALERT = "alert"  # the record's page opens an alert() once it is loaded
    SPIN = "spin"  # the record's page loops for ever once it is loaded
    CRASH = "crash"  # the record's page takes its renderer down once it is loaded


class Place(StrEnum):
    """Where a request can be hit."""

    PAGE = "page"
    DOCUMENT = "document"


PAGE_FAULTS = frozenset({FaultKind.ALERT, FaultKind.SPIN, FaultKind.CRASH})
DOCUMENT_FAULTS = frozenset(FaultKind) - PAGE_FAULTS
PRINT_FAULTS = DOCUMENT_FAULTS - {FaultKind.TRUNCATED, FaultKind.HTML}
"""A page to print is HTML by nature: these two would not differ from the real thing."""

_NUMBERS = {"slow_s", "retry_after_s", "times"}


@dataclass(frozen=True)
class FaultMix:
    """What goes wrong. ``rates``: share of the records that a passing fault hits. ``staying``: (kind, ref).

    ``slow_s``: the extra wait of *slow*. ``retry_after_s``: what *throttle* asks for, whole seconds.
    ``times``: how many of a record's first requests at each place may be hit by passing faults.
    """

    rates: tuple[tuple[FaultKind, float], ...] = ()
    staying: frozenset[tuple[FaultKind, str]] = frozenset()
    slow_s: float = 4.0
    retry_after_s: int = 2
    times: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``hang=0.02,error=0.05,spin!=V-0003,slow_s=10``; an empty text is no faults at all.

        Raises ValueError that names the part and what is expected.
        """
        rates: dict[FaultKind, float] = {}
        staying: set[tuple[FaultKind, str]] = set()
        numbers: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, sign, value = part.partition("=")
            name, value = name.strip(), value.strip()
            if name.endswith("!") and value:
                staying.add((_kind(name[:-1].strip(), part), value))
            elif name in _NUMBERS:
                numbers[name] = _number(value, part, most=math.inf)
            elif sign:
                rates[_kind(name, part)] = _number(value, part, most=1)
            else:
                raise _unreadable(part)
        mix = cls(rates=tuple(sorted(rates.items())), staying=frozenset(staying))
        return replace(
            mix,
            slow_s=numbers.get("slow_s", mix.slow_s),
            retry_after_s=int(numbers.get("retry_after_s", mix.retry_after_s)),
            times=int(numbers.get("times", mix.times)),
        )


NO_FAULTS = FaultMix()


@dataclass
class FaultPlan:
    """Counts the requests of one running portal and says which of them is hit."""

    mix: FaultMix
    seed: int
    _requests: Counter[tuple[Place, str]] = field(default_factory=Counter)

    def next(self, place: Place, ref: str, possible: frozenset[FaultKind]) -> FaultKind | None:
        """The fault for this request of ``ref`` at ``place``, if any. Each call counts as one request."""
        self._requests[place, ref] += 1
        return decide(self.mix, self.seed, ref, self._requests[place, ref], possible)


def decide(mix: FaultMix, seed: int, ref: str, nth: int, possible: frozenset[FaultKind]) -> FaultKind | None:
    """The fault of the ``nth`` request (from 1) of a record. A staying fault goes before a passing one."""
    for kind in FaultKind:
        if kind in possible and (kind, ref) in mix.staying:
            return kind
    if nth > mix.times:
        return None
    for kind, rate in mix.rates:
        if kind in possible and _draw(seed, kind, ref, nth) < rate:
            return kind
    return None


def _draw(seed: int, kind: FaultKind, ref: str, nth: int) -> float:
    """An even number in [0, 1) that depends on nothing but the arguments (``hash()`` differs per process)."""
    digest = hashlib.sha256(f"{seed}\0{kind}\0{ref}\0{nth}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def _kind(name: str, part: str) -> FaultKind:
    try:
        return FaultKind(name)
    except ValueError:
        known = ", ".join(FaultKind)
        raise ValueError(f"faults: {part!r} names no known fault, expected one of {known}") from None


def _number(value: str, part: str, *, most: float) -> float:
    try:
        number = float(value)
    except ValueError:
        raise _unreadable(part) from None
    if not (math.isfinite(number) and 0 <= number <= most):
        raise ValueError(f"faults: {part!r} is out of range, expected a number from 0 to {most:g}")
    return number


def _unreadable(part: str) -> ValueError:
    return ValueError(
        f"faults: cannot read {part!r}, expected kind=share (hang=0.02) or kind!=reference (hang!=V-0007)"
    )
