"""The supervisor's naps are cut out of time: no instant gets older by them, no order is turned round."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.awake_clock import NAP_S, AwakeClock

TURN_S = 0.25


def clock_with_naps(*naps: tuple[float, float], until: float) -> AwakeClock:
    """A clock that turned every quarter of a second from 0 to ``until``, except in the naps (start, end)."""
    clock = AwakeClock(0.0)
    now = 0.0
    while now < until:
        now += TURN_S
        if not any(start < now < end for start, end in naps):
            clock.turn(now)
    return clock


def test_clock_is_the_monotonic_one_when_nobody_napped() -> None:
    clock = clock_with_naps(until=20.0)
    assert [clock.awake(instant) for instant in (0.0, 3.3, 20.0, 99.0)] == [0.0, 3.3, 20.0, 99.0]


@pytest.mark.parametrize(("gap_s", "nap_s"), [(NAP_S, 0.0), (NAP_S + 0.01, NAP_S + 0.01)])
def test_gap_counts_as_a_nap_when_it_is_longer_than_the_limit(gap_s: float, nap_s: float) -> None:
    clock = AwakeClock(0.0)
    assert clock.turn(gap_s) == pytest.approx(nap_s)
    assert clock.awake(gap_s) == pytest.approx(gap_s - nap_s)


def test_nap_is_reported_once_when_turns_go_on_after_it() -> None:
    clock = AwakeClock(0.0)
    assert [clock.turn(now) for now in (1.0, 31.0, 31.25)] == [0.0, 30.0, 0.0]


def test_instants_keep_their_age_when_they_lie_outside_the_nap() -> None:
    clock = clock_with_naps((10.0, 70.0), until=80.0)
    assert clock.awake(4.0) == 4.0
    assert clock.awake(10.0) == 10.0
    assert clock.awake(70.0) == 10.0
    assert clock.awake(80.0) == 20.0


@pytest.mark.parametrize("stamped_at", [10.01, 40.0, 69.99])
def test_stamp_is_as_young_as_the_waking_when_it_fell_into_the_nap(stamped_at: float) -> None:
    clock = clock_with_naps((10.0, 70.0), until=70.0)
    assert clock.awake(70.0) - clock.awake(stamped_at) == 0.0


def test_naps_add_up_when_there_are_several() -> None:
    clock = clock_with_naps((10.0, 20.0), (25.0, 125.0), until=130.0)
    assert clock.awake(22.0) == 12.0
    assert clock.awake(60.0) == 15.0
    assert clock.awake(130.0) == 20.0


@pytest.mark.parametrize("deadline_at", [30.0, 90.0], ids=["ends in the nap", "ends after the nap"])
def test_deadline_is_moved_by_the_whole_nap_when_it_was_set_before(deadline_at: float) -> None:
    clock = clock_with_naps((10.0, 70.0), until=70.0)
    since = 8.0
    left_s = clock.awake_deadline(since, deadline_at) - clock.awake(70.0)
    assert left_s == deadline_at - since - 2.0  # of its time only the two seconds before the nap are gone


def test_deadline_is_not_moved_when_it_was_set_after_the_nap() -> None:
    clock = clock_with_naps((10.0, 70.0), until=80.0)
    assert clock.awake_deadline(75.0, 105.0) - clock.awake(75.0) == 30.0


@settings(deadline=None)
@given(
    gaps=st.lists(st.floats(0.001, 100.0), min_size=1, max_size=30),
    instants=st.lists(st.floats(0.0, 4000.0), min_size=2, max_size=10),
)
def test_awake_time_never_runs_backwards_or_faster_when_naps_are_random(
    gaps: list[float], instants: list[float]
) -> None:
    clock, now, awake_s = AwakeClock(0.0), 0.0, 0.0
    for gap in gaps:
        now += gap
        if not clock.turn(now):
            awake_s += gap
    assert clock.awake(now) == pytest.approx(awake_s, abs=1e-6)
    ordered = sorted(instants)
    for earlier, later in pairwise(ordered):
        passed = clock.awake(later) - clock.awake(earlier)
        assert -1e-6 <= passed <= later - earlier + 1e-6
