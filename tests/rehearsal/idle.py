"""How much of the tabs' time nothing explains: no attempt, no fault, no wait the portal asked for. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.rehearsal.evidence import Attempt

_HOLDS_ALL = {"session", "throttle", "ours"}
"""Outcomes after which nobody is given work until the session, the portal or Chrome is good again."""


def unexplained_idle_share(attempts: tuple[Attempt, ...], tabs: int) -> float:
    """From 0 to 1: tab-seconds between two attempts of one slot, over all tab-seconds of the run's main part.

    The main part ends with the last first attempt: after it what is left are retries that wait for their
    time. A gap is explained as far as everybody was held, and whole when its worker had to be replaced.
    """
    ended = [a for a in attempts if a.ended_at is not None]
    if len(ended) < 2:
        return 0.0
    begin, end = min(a.began_at for a in ended), _last_fresh(ended)
    holds = _holds(ended)
    idle_s = sum(
        max(0.0, min(gap_end, end) - gap_begin) - _covered(gap_begin, min(gap_end, end), holds)
        for gap_begin, gap_end in _gaps(ended)
        if gap_begin < end
    )
    return idle_s / (tabs * (end - begin)) if end > begin else 0.0


def _last_fresh(attempts: list[Attempt]) -> float:
    first: dict[str, float] = {}
    for attempt in attempts:
        first[attempt.ref] = min(attempt.began_at, first.get(attempt.ref, attempt.began_at))
    return max(first.values())


def _gaps(attempts: list[Attempt]) -> Iterator[tuple[float, float]]:
    by_slot: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in sorted(attempts, key=lambda attempt: attempt.began_at):
        by_slot[attempt.slot].append(attempt)
    for own in by_slot.values():
        for before, after in pairwise(own):
            replaced_for_a_fault = before.pid != after.pid and not before.delivered
            if before.ended_at is not None and not replaced_for_a_fault:
                yield before.ended_at, after.began_at


def _holds(attempts: list[Attempt]) -> list[tuple[float, float]]:
    """From each event that stops the dispatch to the next lease that anybody gets; they do not overlap."""
    starts = sorted(attempt.began_at for attempt in attempts)
    holds: list[tuple[float, float]] = []
    for attempt in sorted(attempts, key=lambda attempt: attempt.ended_at or 0.0):
        if attempt.outcome not in _HOLDS_ALL or attempt.ended_at is None:
            continue
        if holds and attempt.ended_at < holds[-1][1]:
            continue
        until = next((start for start in starts if start > attempt.ended_at), attempt.ended_at)
        holds.append((attempt.ended_at, until))
    return holds


def _covered(begin: float, end: float, holds: list[tuple[float, float]]) -> float:
    return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in holds)
