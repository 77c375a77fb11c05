"""Why an attempt failed and why a document went out twice, or that nothing explains it. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.rehearsal.evidence import Attempt, Death, Evidence, Serve


@dataclass(frozen=True)
class Extra:
    """A document that went out once more than was needed. ``why``: empty when nothing explains it."""

    ref: str
    at: float
    why: str


_CHARGED = {"transient", "misfit"}
"""Outcomes that cost the record an attempt."""

_NOTICED_WITHIN_S = 1.0
"""How long the supervisor may go on giving leases after Chrome or a tab was killed."""

_IDLE_CRASH = "the tab had crashed before this record was opened"
"""By a worker that found its tab gone: nobody had looked at it since it was killed."""

_RECORDS_OWN = {"renderer"}
"""A tab that crashes counts as its page's doing: nobody can tell the two apart. No other death does."""


def cause_of(attempt: Attempt, evidence: Evidence) -> str:
    """What made this attempt fail; empty when neither a kill nor the portal did."""
    if deaths := _deaths_in(attempt, evidence):
        return f"{deaths[0]} killed"
    if faults := _faults_in(attempt, evidence):
        return f"portal: {faults[0]}"
    if attempt.outcome == "session" and _was_signed_out(attempt, evidence):
        return "the portal ended the session"
    if attempt.outcome == "session" and _was_without_consent(attempt, evidence):
        return "the portal forgot the consent"
    if (
        attempt.outcome == "ours"
        and _IDLE_CRASH in attempt.reason
        and _renderer_died_before(attempt, evidence)
    ):
        return "renderer killed under an idle tab"
    if attempt.outcome == "permanent" and attempt.ref in evidence.undeliverable:
        return "the portal has no document"
    return ""


def unexplained_failures(evidence: Evidence) -> list[Attempt]:
    """Attempts that failed although nothing was done to them."""
    return [a for a in evidence.attempts if not a.delivered and not cause_of(a, evidence)]


def wrongly_charged(evidence: Evidence) -> list[Attempt]:
    """Attempts that cost the record a try although only our own processes were killed under them."""
    return [
        a
        for a in evidence.attempts
        if a.outcome in _CHARGED
        and not _faults_in(a, evidence)
        and (deaths := _deaths_in(a, evidence))
        and not _RECORDS_OWN.intersection(deaths)
    ]


def extra_serves(evidence: Evidence) -> list[Extra]:
    """Every document beyond the one that its record needed, with its explanation.

    What explains it is the attempt that it went out to: one that failed, for a known cause. A second document
    within one attempt, or one outside of all attempts, is never explained.
    """
    by_ref: dict[str, list[Serve]] = defaultdict(list)
    for serve in evidence.serves:
        by_ref[serve.ref].append(serve)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in evidence.attempts:
        attempts[attempt.ref].append(attempt)
    return [
        extra
        for ref, serves in by_ref.items()
        if len(serves) > 1
        for extra in _extras_of(serves, attempts[ref], evidence)
    ]


def _extras_of(serves: list[Serve], attempts: list[Attempt], evidence: Evidence) -> Iterator[Extra]:
    taken: set[int] = set()
    for serve in sorted(serves, key=lambda serve: serve.at):
        attempt = next((a for a in attempts if a.covers(serve.at)), None)
        if attempt is None or attempt.epoch in taken:
            yield Extra(serve.ref, serve.at, "")
            continue
        taken.add(attempt.epoch)
        if not attempt.delivered:
            yield Extra(serve.ref, serve.at, cause_of(attempt, evidence))


def _deaths_in(attempt: Attempt, evidence: Evidence) -> list[str]:
    return [death.victim for death in evidence.deaths if _hits(death, attempt)]


def _hits(death: Death, attempt: Attempt) -> bool:
    """Also a kill just before the lease was given: the supervisor did not know of it yet.

    A worker that was hit does nothing right any more, however long ago that was.
    """
    if attempt.ended_at is not None and death.at > attempt.ended_at:
        return False
    if death.worker_pid is not None:
        return death.worker_pid == attempt.pid
    return death.at >= attempt.began_at - _NOTICED_WITHIN_S


def _faults_in(attempt: Attempt, evidence: Evidence) -> list[str]:
    return [f.kind for f in evidence.faults if f.ref == attempt.ref and attempt.covers(f.at)]


def _renderer_died_before(attempt: Attempt, evidence: Evidence) -> bool:
    return any(death.victim == "renderer" and death.at <= attempt.began_at for death in evidence.deaths)


def _was_signed_out(attempt: Attempt, evidence: Evidence) -> bool:
    return _was_within(attempt, evidence.session_ends, evidence.login_times)


def _was_without_consent(attempt: Attempt, evidence: Evidence) -> bool:
    """The consent is the session's: what one record made the portal forget, all others lack."""
    forgotten = tuple(fault.at for fault in evidence.faults if fault.kind == "licence")
    return _was_within(attempt, forgotten, evidence.consent_times)


def _was_within(attempt: Attempt, ends: tuple[float, ...], renewals: tuple[float, ...]) -> bool:
    """Was there a moment of this attempt after an end and before the renewal that followed it?"""
    ended_at = attempt.ended_at if attempt.ended_at is not None else float("inf")
    return any(
        end <= ended_at and not any(end < renewal < attempt.began_at for renewal in renewals) for end in ends
    )
