"""The verdict on given evidence: a good night holds, and whatever goes wrong is told by name."""

import json
from dataclasses import replace

import pytest

from tests.rehearsal.evidence import Attempt, Death, Evidence, Fault, Serve, Task
from tests.rehearsal.sheet import as_json, as_text
from tests.rehearsal.verdict import judge

PID = 500
GOOD = Evidence(
    seed=1,
    records=3,
    tabs=2,
    took_s=12.0,
    exit_code=0,
    supervisor_starts=1,
    attempts=(
        Attempt(1, "V-1", 1, PID, 10.0, 11.0, "delivered"),
        Attempt(2, "V-2", 2, PID + 1, 10.0, 12.0, "worker", "worker 2 was killed by signal 9"),
        Attempt(3, "V-2", 2, PID + 2, 13.0, 14.0, "delivered"),
        Attempt(4, "V-3", 1, PID, 11.0, 12.0, "transient", "truncated"),
        Attempt(5, "V-3", 1, PID, 13.0, 14.0, "delivered"),
    ),
    deaths=(Death("worker", 11.5, PID + 1, PID + 1),),
    faults=(Fault(11.2, "V-3", "truncated"),),
    serves=(Serve(10.5, "V-1"), Serve(11.4, "V-2"), Serve(13.5, "V-2"), Serve(13.5, "V-3")),
    tasks=tuple(Task(f"V-{number}", "done") for number in (1, 2, 3)),
    login_times=(9.0,),
    files=3,
)


def bad(evidence: Evidence) -> list[str]:
    return [check.name for check in judge(evidence) if not check.ok]


def said(evidence: Evidence, name: str) -> str:
    return next(check.said for check in judge(evidence) if check.name == name)


def test_night_holds_when_every_document_came_and_every_failure_has_a_cause() -> None:
    assert bad(GOOD) == []
    assert said(GOOD, "served more than once") == "1; worker killed: 1"


@pytest.mark.parametrize("code", [None, 1, 3, 7])
def test_night_fails_when_the_run_did_not_end_well(code: int | None) -> None:
    assert bad(replace(GOOD, exit_code=code)) == ["the run ended"]


def test_night_fails_when_a_kind_of_victim_was_spared() -> None:
    night = replace(GOOD, spared=("chrome",))
    assert bad(night) == ["kills"]
    assert "chrome" in said(night, "kills")


def test_night_fails_when_a_document_is_missing() -> None:
    lost = replace(GOOD, tasks=(*GOOD.tasks[:2], Task("V-3", "pending")), files=2)
    assert bad(lost) == ["documents", "accounting"]
    assert "missing: V-3" in said(lost, "documents")


def test_night_fails_when_a_deliverable_record_was_given_up() -> None:
    given_up = replace(GOOD, tasks=(*GOOD.tasks[:2], Task("V-3", "failed", "too many tries")), files=2)
    assert bad(given_up) == ["documents", "failures"]
    assert "V-3 failed: too many tries" in said(given_up, "failures")


def test_night_holds_when_what_failed_has_no_document_and_says_so() -> None:
    refused = replace(
        GOOD,
        exit_code=3,
        undeliverable=frozenset({"V-1"}),
        tasks=(Task("V-1", "failed", "no report"), *GOOD.tasks[1:]),
        attempts=(Attempt(1, "V-1", 1, PID, 10.0, 11.0, "permanent", "no report"), *GOOD.attempts[1:]),
        serves=GOOD.serves[1:],
        files=2,
    )
    assert bad(refused) == []
    assert bad(replace(refused, tasks=(Task("V-1", "failed"), *GOOD.tasks[1:]))) == ["failures"]


def test_night_fails_when_a_record_was_never_accepted() -> None:
    assert bad(replace(GOOD, tasks=GOOD.tasks[:2], files=2)) == ["documents", "accounting"]


def test_night_fails_when_a_file_is_missing_or_an_attempt_is_open() -> None:
    assert bad(replace(GOOD, files=2)) == ["accounting"]
    still_open = replace(GOOD.attempts[0], ended_at=None)
    assert bad(replace(GOOD, attempts=(still_open, *GOOD.attempts[1:]))) == ["accounting"]


@pytest.mark.parametrize(
    ("logins", "ends", "starts", "held"),
    [(1, 0, 1, True), (2, 0, 1, False), (2, 1, 1, True), (1, 0, 2, True), (3, 1, 2, False), (0, 0, 1, False)],
)
def test_logins_are_counted_against_what_ended_the_session_when_judged(
    logins: int, ends: int, starts: int, held: bool
) -> None:
    night = replace(
        GOOD,
        login_times=tuple(float(n) for n in range(logins)),
        session_ends=tuple(float(n) for n in range(ends)),
        supervisor_starts=starts,
    )
    assert bad(night) == ([] if held else ["logins"])


@pytest.mark.parametrize(
    ("victim", "at", "proofs", "held"),
    [
        ("chrome", 9.5, (13.0,), True),
        ("chrome", 9.5, (), True),
        ("chrome", 9.5, (9.4, 13.0), False),  # proven before: its cookies were kept
        ("chrome", 8.5, (13.0,), False),
        ("worker", 9.5, (13.0,), False),  # Chrome lives, and the session with it
    ],
)
def test_login_that_was_killed_with_its_chrome_before_it_was_proven_allows_another(
    victim: str, at: float, proofs: tuple[float, ...], held: bool
) -> None:
    deaths = (*GOOD.deaths, Death(victim, at, PID))
    night = replace(GOOD, login_times=(9.0, 12.0), deaths=deaths, proof_times=proofs)
    assert ("logins" in bad(night)) is not held


@pytest.mark.parametrize(
    "serve",
    [Serve(10.7, "V-1"), Serve(20.0, "V-1"), Serve(14.0 + 0.1, "V-3")],
    ids=["twice within one attempt", "outside of all attempts", "after the attempt"],
)
def test_night_fails_when_a_document_went_out_once_more_without_a_cause(serve: Serve) -> None:
    night = replace(GOOD, serves=(*GOOD.serves, serve))
    assert bad(night) == ["served more than once"]
    assert f"NOT explained: {serve.ref}" in said(night, "served more than once")


def test_night_fails_when_the_kill_hit_another_worker_than_the_one_that_failed() -> None:
    night = replace(GOOD, deaths=(Death("worker", 11.5, 999, 999),))
    assert bad(night) == ["served more than once", "failed attempts"]


@pytest.mark.parametrize(
    ("death", "explained"),
    [
        (Death("worker", 9.0, PID + 1, PID + 1), True),
        (Death("worker", 12.5, PID + 1, PID + 1), False),
        (Death("chrome", 9.5, 77), True),
        (Death("chrome", 8.5, 77), False),
    ],
    ids=[
        "its worker, before the lease",
        "its worker, afterwards",
        "Chrome just before",
        "Chrome long before",
    ],
)
def test_failed_attempt_is_explained_when_the_kill_could_have_hit_it(death: Death, explained: bool) -> None:
    lost = replace(GOOD.attempts[1], outcome="worker")
    night = replace(
        GOOD,
        attempts=(GOOD.attempts[0], lost, *GOOD.attempts[2:]),
        deaths=(death,),
        serves=(GOOD.serves[0], *GOOD.serves[2:]),
    )
    assert bad(night) == ([] if explained else ["failed attempts"])


def test_failed_attempt_is_explained_when_its_session_had_ended() -> None:
    signed_out = replace(GOOD.attempts[1], outcome="session", began_at=11.0)
    night = replace(
        GOOD, attempts=(GOOD.attempts[0], signed_out, *GOOD.attempts[2:]), deaths=(), serves=GOOD.serves[:1]
    )
    assert bad(night) == ["failed attempts"]
    ended = replace(night, session_ends=(10.8,), login_times=(9.0, 12.5))
    assert bad(ended) == []
    assert bad(replace(ended, login_times=(9.0, 10.9))) == ["failed attempts"]


def test_failed_attempt_is_explained_when_another_record_made_the_portal_forget_the_consent() -> None:
    asked_again = replace(GOOD.attempts[1], outcome="session", began_at=11.0)
    night = replace(
        GOOD, attempts=(GOOD.attempts[0], asked_again, *GOOD.attempts[2:]), deaths=(), serves=GOOD.serves[:1]
    )
    forgotten = replace(
        night, faults=(*GOOD.faults, Fault(10.8, "V-1", "licence")), consent_times=(9.1, 12.5)
    )
    assert bad(forgotten) == []
    assert bad(replace(forgotten, consent_times=(9.1, 10.9))) == ["failed attempts"]


def test_failed_attempt_is_explained_when_its_tab_was_killed_while_idle() -> None:
    said = "the tab had crashed before this record was opened in it"
    found_gone = replace(GOOD.attempts[1], outcome="ours", reason=said)
    killed = Death("renderer", 5.0, 800)
    night = replace(GOOD, attempts=(GOOD.attempts[0], found_gone, *GOOD.attempts[2:]), deaths=(killed,))
    assert bad(night) == []
    other = replace(found_gone, reason="the run ended")
    assert "failed attempts" in bad(replace(night, attempts=(GOOD.attempts[0], other, *GOOD.attempts[2:])))
    later = replace(night, deaths=(replace(killed, at=13.0),))
    assert "failed attempts" in bad(later)


def test_night_fails_when_a_record_was_charged_for_a_kill() -> None:
    charged = replace(GOOD.attempts[1], outcome="transient", reason="no running event loop")
    night = replace(GOOD, attempts=(GOOD.attempts[0], charged, *GOOD.attempts[2:]))
    assert bad(night) == ["attempts charged for a kill"]
    crashed_tab = replace(night, deaths=(Death("renderer", 11.5, 800),))
    assert bad(crashed_tab) == []


@pytest.mark.parametrize("name", ["alarms", "wrong_documents", "leftovers"])
def test_night_fails_when_something_was_found(name: str) -> None:
    night = replace(GOOD, **{name: ("V-1 and V-2",)})  # type: ignore[arg-type]
    (check,) = bad(night)
    assert "V-1 and V-2" in said(night, check)


def test_night_fails_when_remains_of_a_supervisor_lived_on() -> None:
    assert bad(replace(GOOD, swept_s=(0.4, 5.1))) == ["after a killed supervisor"]


def test_sheet_ends_with_the_verdict_when_printed() -> None:
    assert as_text(GOOD, judge(GOOD)).endswith("HELD: nothing lost, nothing unexplained\n")
    night = replace(GOOD, exit_code=None, files=2)
    assert as_text(night, judge(night)).endswith("FAILED: the run ended, accounting\n")


def test_sheet_tells_recoveries_and_kinds_when_printed() -> None:
    text = as_text(GOOD, judge(GOOD))
    assert "truncated 1" in text
    assert "killed                          1: worker 1" in text
    assert "recovery, worker                median 1.5 s, p95 1.5 s, 1 times" in text


def test_sheet_holds_all_evidence_when_it_is_json() -> None:
    found = json.loads(as_json(replace(GOOD, files=2), judge(replace(GOOD, files=2))))
    assert found["held"] is False
    assert found["deaths"] == {"worker": 1}
    assert found["recovery_s"] == {"worker": [1.5]}
    assert found["evidence"]["attempts"][1]["outcome"] == "worker"


@pytest.mark.parametrize(("late_mb", "held"), [(80.0, True), (87.9, True), (88.1, False)])
def test_night_without_kills_fails_when_the_supervisor_grows(late_mb: float, held: bool) -> None:
    night = replace(GOOD, deaths=(), memory=((0.1, 50.0), (0.45, 80.0), (0.9, late_mb), (0.95, 79.0)))
    assert ("supervisor's memory" in bad(night)) is not held
