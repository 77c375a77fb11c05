"""Whose fault decides what becomes of a task: the table of DESIGN §4, and the bounds of the backoff."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.retry import Fail, Quarantine, Requeue, RetryLimits, TaskPast, decide
from tabworker.failures import FailureClass

LIMITS = RetryLimits(max_retries=2, backoff_s=2.0, backoff_max_s=120.0, max_worker_deaths=3)
FRESH = TaskPast(charged=0, deaths=0)
AT_ONCE_AND_FREE = Requeue(front=True, charged=False, death=False)


def longest(_low: float, high: float) -> float:
    return high


@pytest.mark.parametrize(
    ("failure", "decision"),
    [
        (FailureClass.PERMANENT, Fail()),
        (FailureClass.TRANSIENT, Requeue(delay_s=2.0, charged=True)),
        (FailureClass.MISFIT, Requeue(delay_s=2.0, charged=True)),
        (FailureClass.WORKER, Requeue(front=True, death=True)),
        (FailureClass.SESSION, AT_ONCE_AND_FREE),
        (FailureClass.THROTTLE, AT_ONCE_AND_FREE),
        (FailureClass.REFUSED, AT_ONCE_AND_FREE),
        (FailureClass.CONFLICT, AT_ONCE_AND_FREE),
        (FailureClass.STORAGE, AT_ONCE_AND_FREE),
        (FailureClass.OURS, AT_ONCE_AND_FREE),
    ],
)
def test_decision_follows_whose_fault_it_was_when_an_attempt_failed(
    failure: FailureClass, decision: Requeue | Fail
) -> None:
    assert decide(failure, FRESH, LIMITS, longest) == decision


def test_decision_exists_for_every_class_when_classes_are_listed() -> None:
    for failure in FailureClass:
        assert isinstance(decide(failure, FRESH, LIMITS, longest), Requeue | Fail)


@pytest.mark.parametrize("failure", [FailureClass.TRANSIENT, FailureClass.MISFIT])
def test_task_fails_when_its_retries_are_spent(failure: FailureClass) -> None:
    past = [TaskPast(charged, deaths=0) for charged in range(4)]
    kinds = [type(decide(failure, one, LIMITS, longest)) for one in past]
    assert kinds == [Requeue, Requeue, Fail, Fail]


def test_task_fails_at_once_when_no_retry_is_allowed() -> None:
    assert decide(FailureClass.TRANSIENT, FRESH, RetryLimits(max_retries=0), longest) == Fail()


def test_task_is_quarantined_when_it_takes_its_third_worker_down() -> None:
    kinds = [type(decide(FailureClass.WORKER, TaskPast(0, deaths), LIMITS, longest)) for deaths in range(4)]
    assert kinds == [Requeue, Requeue, Quarantine, Quarantine]


@pytest.mark.parametrize("failure", [FailureClass.SESSION, FailureClass.THROTTLE, FailureClass.OURS])
def test_task_is_requeued_free_of_charge_when_its_past_is_bad_but_the_fault_is_not_its_own(
    failure: FailureClass,
) -> None:
    assert decide(failure, TaskPast(charged=99, deaths=99), LIMITS, longest) == AT_ONCE_AND_FREE


def test_worker_deaths_do_not_count_as_retries_when_both_happened() -> None:
    assert isinstance(decide(FailureClass.TRANSIENT, TaskPast(charged=1, deaths=2), LIMITS, longest), Requeue)
    assert isinstance(decide(FailureClass.WORKER, TaskPast(charged=2, deaths=1), LIMITS, longest), Requeue)


def test_backoff_doubles_up_to_its_limit_when_attempts_go_on_failing() -> None:
    limits = RetryLimits(max_retries=9, backoff_s=2.0, backoff_max_s=50.0)
    ceilings = [decide(FailureClass.TRANSIENT, TaskPast(n, 0), limits, longest) for n in range(7)]
    waits = [decision.delay_s for decision in ceilings if isinstance(decision, Requeue)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 50.0, 50.0]


def test_backoff_starts_from_zero_when_jitter_is_full() -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return (low + high) / 2

    decision = decide(FailureClass.TRANSIENT, TaskPast(1, 0), LIMITS, uniform)
    assert asked == [(0.0, 4.0)]
    assert decision == Requeue(delay_s=2.0, charged=True)


@settings(deadline=None)
@given(
    charged=st.integers(0, 5000),
    backoff_s=st.floats(0, 3600),
    backoff_max_s=st.floats(0, 86_400),
    seed=st.integers(),
)
def test_backoff_stays_between_zero_and_its_limit_when_numbers_are_extreme(
    charged: int, backoff_s: float, backoff_max_s: float, seed: int
) -> None:
    limits = RetryLimits(10_000, backoff_s, backoff_max_s)
    decision = decide(FailureClass.TRANSIENT, TaskPast(charged, 0), limits, random.Random(seed).uniform)
    assert isinstance(decision, Requeue)
    assert decision.charged
    assert 0.0 <= decision.delay_s <= backoff_max_s
    if charged == 0:
        assert decision.delay_s <= backoff_s
