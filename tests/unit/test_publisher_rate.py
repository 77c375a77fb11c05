"""Documents a minute over a sliding window: unknown at first, honest afterwards."""

import pytest

from supervisor.publisher import Rate


def fed(rate: Rate, *, since: float, until: float, start: int, per_s: float) -> int:
    """Note the count four times a second, as the loop does; returns the last count."""
    done, now = start, since
    while now <= until:
        done = start + int((now - since) * per_s)
        rate.note(done, now)
        now += 0.25
    return done


def test_rate_is_unknown_when_nothing_was_noted() -> None:
    assert Rate().per_minute(10, 5.0) is None


@pytest.mark.parametrize(("done", "known"), [(0, False), (2, False), (3, True)])
def test_rate_is_known_when_enough_documents_came(done: int, known: bool) -> None:
    rate = Rate()
    rate.note(0, 0.0)
    assert (rate.per_minute(done, 30.0) is not None) is known


def test_rate_is_unknown_when_no_time_has_passed() -> None:
    rate = Rate()
    rate.note(0, 7.0)
    assert rate.per_minute(10, 7.0) is None


def test_rate_is_documents_a_minute_when_they_come_evenly() -> None:
    rate = Rate()
    done = fed(rate, since=0.0, until=120.0, start=0, per_s=2.0)
    assert rate.per_minute(done, 120.0) == pytest.approx(120.0)


def test_rate_follows_the_last_minutes_when_the_portal_grew_slow() -> None:
    rate = Rate()
    fast = fed(rate, since=0.0, until=600.0, start=0, per_s=10.0)
    slow = fed(rate, since=600.25, until=1200.0, start=fast, per_s=1.0)
    assert rate.per_minute(slow, 1200.0) == pytest.approx(60.0, rel=0.05)


def test_rate_is_unknown_again_when_nothing_came_for_the_whole_window() -> None:
    rate = Rate()
    done = fed(rate, since=0.0, until=60.0, start=0, per_s=10.0)
    fed(rate, since=60.25, until=500.0, start=done, per_s=0.0)
    assert rate.per_minute(done, 500.0) is None


def test_rate_counts_only_this_run_when_the_count_starts_above_zero() -> None:
    rate = Rate()
    done = fed(rate, since=0.0, until=60.0, start=790, per_s=1.0)
    assert rate.per_minute(done, 60.0) == pytest.approx(60.0)
