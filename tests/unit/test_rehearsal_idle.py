"""Idle tabs count as long as nothing explains them."""

import pytest

from tests.rehearsal.evidence import Attempt
from tests.rehearsal.idle import unexplained_idle_share


def attempt(
    epoch: int, slot: int, began_at: float, ended_at: float, outcome: str = "delivered", pid: int = 0
) -> Attempt:
    return Attempt(epoch, f"V-{epoch}", slot, pid or slot, began_at, ended_at, outcome)


def test_share_is_none_when_the_tabs_are_always_busy() -> None:
    busy = tuple(attempt(n, 1, float(n), float(n + 1)) for n in range(1, 9))
    assert unexplained_idle_share(busy, tabs=1) == 0


def test_share_is_that_of_the_gap_when_a_tab_stood_still() -> None:
    gap = (attempt(1, 1, 0, 1), attempt(2, 1, 3, 4), attempt(3, 1, 4, 5))
    assert unexplained_idle_share(gap, tabs=1) == pytest.approx(2 / 4)
    assert unexplained_idle_share(gap, tabs=2) == pytest.approx(2 / 8)


@pytest.mark.parametrize("outcome", ["session", "throttle", "ours"])
def test_gap_is_explained_when_everybody_was_held(outcome: str) -> None:
    held = (attempt(1, 1, 0, 1, outcome), attempt(2, 1, 3, 4), attempt(3, 1, 4, 5))
    assert unexplained_idle_share(held, tabs=1) == 0


def test_hold_explains_only_as_long_as_nobody_is_given_work() -> None:
    night = (
        attempt(1, 1, 0, 1, "throttle"),
        attempt(2, 2, 0, 1),
        attempt(3, 2, 2, 5),
        attempt(4, 1, 4, 5),  # two seconds after the others were served again
        attempt(5, 2, 5, 6),
    )
    assert unexplained_idle_share(night, tabs=2) == pytest.approx(2 / 10)


def test_gap_is_explained_when_the_worker_had_to_be_replaced() -> None:
    killed = (attempt(1, 1, 0, 1, "worker", pid=10), attempt(2, 1, 3, 4, pid=11), attempt(3, 1, 4, 5, pid=11))
    assert unexplained_idle_share(killed, tabs=1) == 0


def test_waiting_for_retries_does_not_count_when_fresh_work_is_over() -> None:
    late = (attempt(1, 1, 0, 1), attempt(2, 1, 1, 2), Attempt(9, "V-1", 1, 1, 30.0, 31.0, "delivered"))
    assert unexplained_idle_share(late, tabs=1) == 0
