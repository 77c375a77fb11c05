"""Whether the night held what Tabcrew promises: a list of checks over given evidence. Pure."""

import math
from collections import Counter
from dataclasses import dataclass
from statistics import median

from tests.rehearsal.evidence import Evidence
from tests.rehearsal.explain import extra_serves, unexplained_failures, wrongly_charged
from tests.rehearsal.idle import unexplained_idle_share

SWEPT_WITHIN_S = 5.0
"""The promise is 2 s on an idle machine; a rehearsal is none."""

IDLE_AT_MOST = 0.03
GROWTH_AT_MOST = 0.10

_SHOWN = 5


@dataclass(frozen=True)
class Check:
    """One promise. ``said``: the fact, with its numbers."""

    name: str
    ok: bool
    said: str


def judge(evidence: Evidence) -> tuple[Check, ...]:
    """Every check, in the order of the sheet."""
    return (
        _struck(evidence),
        _ended(evidence),
        _delivered(evidence),
        _explained_failures(evidence),
        _accounting(evidence),
        _logins(evidence),
        _served_again(evidence),
        _attempts_explained(evidence),
        _charged(evidence),
        _none("same-content alarms", evidence.alarms),
        _none("wrong documents", evidence.wrong_documents),
        _none("leftovers", evidence.leftovers),
        _swept(evidence),
        *(() if evidence.deaths else (_busy(evidence), _memory(evidence))),
    )


def allowed_logins(evidence: Evidence) -> int:
    """The first, and one for each session that the portal itself ended; whatever was killed in between.

    And one for each that died in the making: its cookie was in a Chrome that was killed before anybody knew.
    """
    return 1 + len(evidence.session_ends) + _died_in_the_making(evidence)


def _died_in_the_making(evidence: Evidence) -> int:
    kills = [death.at for death in evidence.deaths if death.victim == "chrome"]

    def killed_before_it_was_proven(login_at: float) -> bool:
        proven_at = min((at for at in evidence.proof_times if at >= login_at), default=math.inf)
        return any(login_at <= at <= proven_at for at in kills)

    return sum(map(killed_before_it_was_proven, evidence.login_times))


def _struck(evidence: Evidence) -> Check:
    """A night that spared a kind of victim proves nothing about it."""
    spared = _list(
        list(evidence.spared), "spared (the run was over too soon: take more records, or a longer LATENCY)"
    )
    return Check("kills", not evidence.spared, f"{len(evidence.deaths)}{spared}")


def _ended(evidence: Evidence) -> Check:
    expected = 3 if evidence.undeliverable else 0
    found = "did not end" if evidence.exit_code is None else f"ended with exit code {evidence.exit_code}"
    return Check("the run ended", evidence.exit_code == expected, f"{found}, expected {expected}")


def _delivered(evidence: Evidence) -> Check:
    done = {task.ref for task in evidence.tasks if task.state == "done"}
    wanted = {task.ref for task in evidence.tasks} - evidence.undeliverable
    deliverable = evidence.records - len(evidence.undeliverable)
    missing = sorted(wanted - done)
    said = f"{len(done & wanted)} of {deliverable} deliverable" + _list(missing, "missing")
    return Check("documents", len(done & wanted) == deliverable, said)


def _explained_failures(evidence: Evidence) -> Check:
    """A record without a document must have failed, and say why; nothing else may have ended so."""
    silent = [
        task.ref
        for task in evidence.tasks
        if task.ref in evidence.undeliverable and not (task.state == "failed" and task.reason)
    ]
    others = [
        f"{task.ref} {task.state}: {task.reason}"
        for task in evidence.tasks
        if task.state in ("failed", "quarantined") and task.ref not in evidence.undeliverable
    ]
    said = f"{len(evidence.undeliverable)} records without a document"
    said += _list(silent, "not explained") + _list(others, "failed though deliverable")
    return Check("failures", not silent and not others, said)


def _accounting(evidence: Evidence) -> Check:
    states = Counter(task.state for task in evidence.tasks)
    ended = states["done"] + states["failed"] + states["quarantined"]
    ok = (
        ended == len(evidence.tasks) == evidence.records == len({task.ref for task in evidence.tasks})
        and evidence.files == states["done"]
        and all(attempt.ended_at is not None for attempt in evidence.attempts)
    )
    said = f"accepted {len(evidence.tasks)} = " + " + ".join(
        f"{state} {states[state]}" for state in ("pending", "leased", "done", "failed", "quarantined")
    )
    return Check("accounting", ok, f"{said}; {evidence.files} files")


def _logins(evidence: Evidence) -> Check:
    logins, allowed = len(evidence.login_times), allowed_logins(evidence)
    said = (
        f"{logins}, allowed {allowed} = 1 + {len(evidence.session_ends)} sessions that the portal ended + "
        f"{_died_in_the_making(evidence)} killed with Chrome before they were proven; "
        f"{evidence.supervisor_starts} starts of the supervisor"
    )
    return Check("logins", 1 <= logins <= allowed, said)


def _served_again(evidence: Evidence) -> Check:
    extras = extra_serves(evidence)
    why = Counter(extra.why for extra in extras if extra.why)
    unexplained = [extra.ref for extra in extras if not extra.why]
    said = f"{len(extras)}" + "".join(f"; {reason}: {times}" for reason, times in why.most_common())
    return Check("served more than once", not unexplained, said + _list(unexplained, "NOT explained"))


def _attempts_explained(evidence: Evidence) -> Check:
    failed = sum(not attempt.delivered for attempt in evidence.attempts)
    unexplained = [f"{a.ref} ({a.outcome}: {a.reason[:120]})" for a in unexplained_failures(evidence)]
    return Check("failed attempts", not unexplained, f"{failed}" + _list(unexplained, "without a cause"))


def _charged(evidence: Evidence) -> Check:
    """A record pays for its own failures and its portal's, never for what was killed under it."""
    paid = tuple(f"{a.ref} ({a.reason[:120]})" for a in wrongly_charged(evidence))
    return _none("attempts charged for a kill", paid)


def _swept(evidence: Evidence) -> Check:
    slowest = max(evidence.swept_s, default=0.0)
    said = f"{slowest:.1f} s at most over {len(evidence.swept_s)} deaths (limit {SWEPT_WITHIN_S:.0f})"
    return Check("after a killed supervisor", slowest <= SWEPT_WITHIN_S, said)


def _busy(evidence: Evidence) -> Check:
    share = unexplained_idle_share(evidence.attempts, evidence.tabs)
    said = f"{share:.1%} of their time without a cause (limit {IDLE_AT_MOST:.0%})"
    return Check("tabs idle", share <= IDLE_AT_MOST, said)


def _memory(evidence: Evidence) -> Check:
    """Of the supervisor, in the second half against the middle; a short night has no halves to compare."""
    middle = [mb for share, mb in evidence.memory if 0.4 <= share <= 0.5]
    second = [mb for share, mb in evidence.memory if share > 0.5]
    if not middle or not second:
        return Check("supervisor's memory", ok=True, said="too short a night to tell")
    growth = max(second) / median(middle) - 1.0
    said = f"{growth:+.1%} in the second half, {max(second):.0f} MB at most (limit {GROWTH_AT_MOST:+.0%})"
    return Check("supervisor's memory", growth <= GROWTH_AT_MOST, said)


def _none(name: str, found: tuple[str, ...]) -> Check:
    return Check(name, not found, "none" if not found else f"{len(found)}" + _list(list(found), "found"))


def _list(items: list[str], word: str) -> str:
    if not items:
        return ""
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return f"; {word}: {', '.join(items[:_SHOWN])}{more}"
