"""Pacing, the throttle gate and the circuit: when the portal may be asked, and when it is left alone."""

import pytest

from supervisor.portal_gate import LONGEST_PAUSE_S, Circuit, GateLimits, PortalGate

LIMITS = GateLimits(tasks_per_minute=0.0, down_after=3, probe_every_s=30.0, give_up_s=1800.0)
TIMED_OUT = "transient failure in step “open record”"
JUST = 0.001


def no_jitter(low: float, _high: float) -> float:
    return low


def most_jitter(_low: float, high: float) -> float:
    return high


def gate(**changes: float) -> PortalGate:
    limits = GateLimits(**{**vars(LIMITS), **changes})
    return PortalGate(limits, no_jitter)


def open_gate(now: float = 100.0) -> PortalGate:
    """A gate whose circuit opened at ``now``."""
    opened = gate()
    for task in ("A", "B"):
        assert not opened.failed(task, TIMED_OUT, now)
    assert opened.failed("C", TIMED_OUT, now)
    return opened


# --- pacing ---------------------------------------------------------------------------------------


def test_gate_allows_everything_when_nothing_is_known() -> None:
    fresh = gate()
    for task in range(100):
        assert fresh.verdict(0.0).allowed
        fresh.dispatched(str(task), 0.0)


def test_gate_spaces_tasks_when_a_pace_is_set() -> None:
    paced = gate(tasks_per_minute=30.0)
    paced.dispatched("A", 10.0)
    verdict = paced.verdict(10.0)
    assert (verdict.allowed, verdict.until) == (False, 12.0)
    assert paced.verdict(12.0).allowed


def test_gate_allows_no_burst_when_it_stood_idle_for_long() -> None:
    paced = gate(tasks_per_minute=60.0)
    paced.dispatched("A", 0.0)
    paced.dispatched("B", 1000.0)
    assert not paced.verdict(1000.0).allowed


# --- throttle -------------------------------------------------------------------------------------


def test_gate_closes_once_when_many_tabs_are_told_to_slow_down() -> None:
    throttled = gate()
    assert throttled.throttled("A", leased_at=9.0, retry_after_s=20.0, now=10.0)
    for late in ("B", "C", "D"):
        assert not throttled.throttled(late, leased_at=9.5, retry_after_s=20.0, now=29.0)
    assert throttled.verdict(30.0 - JUST).until == 30.0
    assert throttled.verdict(30.0).allowed


def test_gate_says_why_when_it_is_closed() -> None:
    throttled = gate()
    throttled.throttled("A", 9.0, 20.0, 10.0)
    assert throttled.verdict(18.0).why == "the portal asks to slow down: waiting 12 s"


def test_gate_closes_again_when_a_task_leased_after_it_opened_is_throttled() -> None:
    throttled = gate()
    throttled.throttled("A", 9.0, 20.0, now=10.0)
    assert throttled.throttled("B", leased_at=30.0, retry_after_s=20.0, now=31.0)
    assert throttled.verdict(32.0).until == 51.0


@pytest.mark.parametrize("said", [None, 0.0, -5.0])
def test_pause_doubles_up_to_its_limit_when_the_portal_names_none(said: float | None) -> None:
    throttled, now, pauses = gate(), 0.0, []
    for _ in range(9):
        assert throttled.throttled("A", now, said, now + 1)
        until = throttled.verdict(now + 1).until
        assert until is not None
        pauses.append(until - now - 1)
        now = until
    assert pauses == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 600.0]


def test_pause_starts_from_the_least_when_a_document_came_in_between() -> None:
    throttled = gate()
    throttled.throttled("A", 0.0, None, 1.0)
    throttled.throttled("B", 7.0, None, 8.0)
    throttled.succeeded()
    throttled.throttled("C", 20.0, None, 21.0)
    assert throttled.verdict(21.0).until == 26.0


def test_pause_is_limited_when_the_portal_asks_for_a_day() -> None:
    throttled = gate()
    throttled.throttled("A", 0.0, 86_400.0, now=1.0)
    assert throttled.verdict(1.0).until == 1.0 + LONGEST_PAUSE_S


def test_pause_is_never_shorter_than_asked_when_jitter_is_added() -> None:
    throttled = PortalGate(LIMITS, most_jitter)
    throttled.throttled("A", 0.0, 20.0, now=1.0)
    assert throttled.verdict(1.0).until == pytest.approx(1.0 + 20.0 * 1.1)


# --- circuit --------------------------------------------------------------------------------------


def test_circuit_opens_when_different_records_in_a_row_fail_alike() -> None:
    opened = open_gate()
    assert opened.circuit is Circuit.OPEN
    assert opened.failing_alike == TIMED_OUT
    assert not opened.failed("D", TIMED_OUT, 101.0)  # it opens once


def test_circuit_stays_closed_when_one_record_fails_again_and_again() -> None:
    stubborn = gate()
    for now in range(20):
        assert not stubborn.failed("A", TIMED_OUT, float(now))
    assert stubborn.circuit is Circuit.CLOSED


def test_circuit_stays_closed_when_records_fail_in_different_ways() -> None:
    mixed = gate()
    for number in range(20):
        assert not mixed.failed(str(number), f"kind {number % 2}", 0.0)


def test_circuit_stays_closed_when_a_document_comes_in_between() -> None:
    lucky = gate()
    for number in range(20):
        assert not lucky.failed(str(number), TIMED_OUT, 0.0)
        if number % 2:
            assert not lucky.succeeded()


def test_circuit_allows_one_probe_at_a_time_when_it_is_open() -> None:
    opened = open_gate(now=100.0)
    waiting = opened.verdict(130.0 - JUST)
    assert (waiting.allowed, waiting.until) == (False, 130.0)
    assert "the portal seems down" in waiting.why
    assert opened.verdict(130.0).allowed
    opened.dispatched("D", 130.0)
    assert not opened.verdict(500.0).allowed
    assert opened.verdict(500.0).until is None


def test_circuit_waits_for_the_next_probe_when_one_failed_or_proved_nothing() -> None:
    for outcome in ("failed", "inconclusive"):
        opened = open_gate(now=100.0)
        opened.dispatched("D", 130.0)
        if outcome == "failed":
            opened.failed("D", TIMED_OUT, 140.0)
        else:
            opened.inconclusive("D", 140.0)
        assert opened.verdict(140.0).until == 170.0
        assert opened.verdict(170.0).allowed


def test_circuit_keeps_its_probe_when_a_task_from_before_comes_back() -> None:
    for outcome in ("failed", "inconclusive", "throttled"):
        opened = open_gate(now=100.0)
        opened.dispatched("D", 130.0)
        if outcome == "failed":
            opened.failed("old", TIMED_OUT, 131.0)
        elif outcome == "inconclusive":
            opened.inconclusive("old", 131.0)
        else:
            opened.throttled("old", 90.0, 5.0, 131.0)
        assert not opened.verdict(1000.0).allowed


def test_circuit_allows_a_new_probe_when_the_last_was_throttled() -> None:
    opened = open_gate(now=100.0)
    opened.dispatched("D", 130.0)
    opened.throttled("D", 130.0, 100.0, 131.0)
    assert opened.verdict(231.0).allowed


def test_gate_wants_a_look_before_a_retry_when_nothing_but_failures_came() -> None:
    doubted = gate()
    assert not doubted.must_look(retry=True)
    doubted.failed("A", TIMED_OUT, 100.0)
    assert doubted.must_look(retry=True)
    assert not doubted.must_look(retry=False)
    doubted.succeeded()
    assert not doubted.must_look(retry=True)


def test_gate_wants_one_look_for_all_retries_when_the_portal_answers_until_one_fails_again() -> None:
    doubted = gate()
    doubted.failed("A", TIMED_OUT, 100.0)
    doubted.looking(101.0)
    assert not doubted.looked(True, 102.0)
    assert not doubted.must_look(retry=True)
    doubted.failed("A", TIMED_OUT, 103.0)
    assert doubted.must_look(retry=True)


def test_circuit_opens_when_a_look_before_a_retry_is_not_answered() -> None:
    doubted = gate()
    doubted.failed("A", TIMED_OUT, 100.0)
    doubted.looking(101.0)
    assert doubted.looked(False, 102.0)
    assert doubted.verdict(132.0 - JUST).until == 132.0
    assert doubted.verdict(132.0).allowed
    doubted.looking(132.0)
    assert not doubted.looked(False, 133.0)  # it opens once


def test_circuit_stays_closed_when_a_document_came_while_a_look_was_not_answered() -> None:
    doubted = gate()
    doubted.failed("A", TIMED_OUT, 100.0)
    doubted.looking(101.0)
    doubted.succeeded()
    assert not doubted.looked(False, 102.0)
    assert doubted.circuit is Circuit.CLOSED


def test_look_that_proved_nothing_holds_up_nobody_unless_the_circuit_is_open() -> None:
    doubted = gate()
    doubted.failed("A", TIMED_OUT, 100.0)
    doubted.looking(101.0)
    assert not doubted.looked(None, 102.0)
    assert not doubted.must_look(retry=True)
    opened = open_gate(now=100.0)
    opened.looking(130.0)
    assert not opened.looked(None, 131.0)
    assert opened.must_look(retry=False)
    assert opened.verdict(131.0).until == 161.0


def test_circuit_closes_when_a_document_comes() -> None:
    opened = open_gate()
    opened.dispatched("D", 130.0)
    assert opened.succeeded()
    assert opened.circuit is Circuit.CLOSED
    assert opened.verdict(131.0).allowed
    assert not opened.succeeded()


def test_circuit_opens_anew_when_it_closed_and_all_goes_wrong_again() -> None:
    again = open_gate()
    again.succeeded()
    assert not again.failed("X", TIMED_OUT, 200.0)
    assert not again.failed("Y", TIMED_OUT, 200.0)
    assert again.failed("Z", TIMED_OUT, 200.0)


def test_gate_gives_up_when_the_circuit_was_open_for_too_long() -> None:
    opened = open_gate(now=100.0)
    for number in range(58):
        opened.failed(f"probe {number}", TIMED_OUT, 100.0 + 30.0 * number)
    assert not opened.gives_up(1900.0 - JUST)
    assert opened.gives_up(1900.0)
    opened.succeeded()
    assert not opened.gives_up(9999.0)
