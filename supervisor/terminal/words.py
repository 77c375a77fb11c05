"""Numbers as people read them: durations, rates, counts."""

from datetime import UTC, datetime


def duration(seconds: float) -> str:
    """``42 s``, ``3 min 07 s``, ``8 h 05 min``, ``2 d 03 h``."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes_rest = divmod(minutes, 60)
    days, hours_rest = divmod(hours, 24)
    if days:
        return f"{days} d {hours_rest:02d} h"
    if hours:
        return f"{hours} h {minutes_rest:02d} min"
    if minutes:
        return f"{minutes} min {rest:02d} s"
    return f"{whole} s"


def rate(per_minute: float | None) -> str:
    """``12.4/min``, or ``120/h`` when it is slow; empty when not yet known."""
    if per_minute is None:
        return ""
    if per_minute >= 100:
        return f"{per_minute:.0f}/min"
    return f"{per_minute:.1f}/min" if per_minute >= 1 else f"{per_minute * 60:.1f}/h"


def count(number: int, noun: str) -> str:
    """``1 document``, ``2,000 documents``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def clock(at: str) -> str:
    """The local time of day of an ISO 8601 instant, ``14:03:59``; ``at`` itself when it is none."""
    try:
        return parse_instant(at).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return at[:8]


def parse_instant(at: str) -> datetime:
    """The instant that an ISO 8601 text names; UTC unless it says otherwise. Raises ValueError."""
    instant = datetime.fromisoformat(at)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
