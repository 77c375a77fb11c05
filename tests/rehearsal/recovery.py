"""How long it took from a kill until work went on in its place. Pure."""

from statistics import median

from tests.rehearsal.evidence import Attempt, Death, Evidence

_TAKES_ALL = {"chrome", "supervisor"}


def recoveries(evidence: Evidence) -> dict[str, list[float]]:
    """Seconds from each kill to the next lease in its place, by kind of victim.

    The place of a worker is its slot; that of Chrome and of the supervisor is the run. A kill after which the
    place was not needed any more has no recovery.
    """
    attempts = sorted(evidence.attempts, key=lambda attempt: attempt.began_at)
    found: dict[str, list[float]] = {}
    for death in evidence.deaths:
        seconds = _recovery_s(death, attempts)
        if seconds is not None:
            found.setdefault(death.victim, []).append(seconds)
    return found


def median_and_p95(values: list[float]) -> tuple[float, float]:
    """The 95th percentile is the smallest value that 95 % do not exceed (nearest rank)."""
    ordered = sorted(values)
    return median(ordered), ordered[max(0, -(-95 * len(ordered) // 100) - 1)]


def _recovery_s(death: Death, attempts: list[Attempt]) -> float | None:
    old_pids = {attempt.pid for attempt in attempts if attempt.began_at <= death.at}
    slot = None if death.victim in _TAKES_ALL else _slot_of(death, attempts)
    if slot is None and death.victim not in _TAKES_ALL:
        return None
    for attempt in attempts:
        if attempt.began_at > death.at and attempt.pid not in old_pids and slot in (None, attempt.slot):
            return attempt.began_at - death.at
    return None


def _slot_of(death: Death, attempts: list[Attempt]) -> int | None:
    """The slot that the kill emptied; None when nobody knows: a worker that had begun nothing yet, a renderer
    that showed no tab just then.
    """
    if death.worker_pid is not None:
        return next((a.slot for a in attempts if a.pid == death.worker_pid), None)
    hit = (a for a in attempts if a.covers(death.at) and not a.delivered and "crash" in a.reason)
    return next((a.slot for a in hit), None)
