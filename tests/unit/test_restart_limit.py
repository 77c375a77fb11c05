"""So many restarts within so many seconds, and what comes after the last of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.restart_limit import RestartLimit


def test_restart_is_allowed_at_once_when_the_limit_is_not_passed() -> None:
    limit = RestartLimit(max_restarts=5, window_s=60.0)
    for now in (0.0, 1.0, 2.0, 3.0, 4.0):
        limit.note(now)
        assert limit.allowed_at(now) == now
        assert not limit.exceeded(now)


def test_restart_waits_for_the_window_when_there_is_one_too_many() -> None:
    limit = RestartLimit(max_restarts=2, window_s=60.0)
    for now in (0.0, 10.0, 20.0):
        limit.note(now)
    assert limit.exceeded(20.0)
    assert limit.allowed_at(20.0) == 60.0
    assert limit.allowed_at(60.0) == 60.0
    assert not limit.exceeded(60.0 + 0.001)


@pytest.mark.parametrize(("now", "exceeded"), [(60.0, True), (60.001, False)])
def test_restart_is_forgotten_when_it_leaves_the_window(now: float, exceeded: bool) -> None:
    limit = RestartLimit(max_restarts=0, window_s=60.0)
    limit.note(0.0)
    assert limit.exceeded(now) is exceeded


def test_first_start_is_allowed_when_no_restart_is() -> None:
    limit = RestartLimit(max_restarts=0, window_s=60.0)
    assert limit.allowed_at(5.0) == 5.0
    limit.note(5.0)
    assert limit.allowed_at(5.0) == 65.0


def test_total_counts_all_restarts_when_the_window_has_forgotten_them() -> None:
    limit = RestartLimit(max_restarts=3, window_s=1.0)
    for now in range(10):
        limit.note(float(now * 100))
    assert limit.total == 10
    assert not limit.exceeded(901.5)


@settings(deadline=None)
@given(
    max_restarts=st.integers(0, 6),
    window_s=st.floats(0.5, 100.0),
    gaps=st.lists(st.floats(0.0, 50.0), max_size=20),
)
def test_restart_waits_exactly_while_the_limit_is_exceeded_when_restarts_are_random(
    max_restarts: int, window_s: float, gaps: list[float]
) -> None:
    limit, now = RestartLimit(max_restarts, window_s), 0.0
    for gap in gaps:
        now += gap
        limit.note(now)
        allowed_at = limit.allowed_at(now)
        assert now <= allowed_at <= now + window_s
        assert (allowed_at == now) or limit.exceeded(now)
        assert not limit.exceeded(allowed_at + 1e-6)
