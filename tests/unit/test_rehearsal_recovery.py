"""From a kill to the next lease in its place."""

from dataclasses import replace

import pytest

from tests.rehearsal.evidence import Attempt, Death, Evidence
from tests.rehearsal.recovery import median_and_p95, recoveries

BASE = Evidence(seed=1, records=9, tabs=2, took_s=1.0, exit_code=0, supervisor_starts=1)


def attempt(epoch: int, slot: int, pid: int, began_at: float, outcome: str = "delivered") -> Attempt:
    return Attempt(epoch, f"V-{epoch}", slot, pid, began_at, began_at + 2, outcome)


def test_recovery_ends_with_the_new_worker_of_the_same_slot_when_one_was_killed() -> None:
    attempts = (
        attempt(1, 1, 10, 0.0),
        attempt(2, 2, 20, 0.0),
        attempt(3, 1, 10, 3.0),
        attempt(4, 2, 21, 4.0),
    )
    night = replace(BASE, attempts=attempts, deaths=(Death("worker", 1.0, 20, 20),))
    assert recoveries(night) == {"worker": [3.0]}


def test_recovery_ends_with_any_new_worker_when_chrome_was_killed() -> None:
    attempts = (attempt(1, 1, 10, 0.0), attempt(2, 1, 10, 1.5), attempt(3, 2, 21, 4.0))
    night = replace(BASE, attempts=attempts, deaths=(Death("chrome", 1.0, 99),))
    assert recoveries(night) == {"chrome": [3.0]}


def test_recovery_is_that_of_the_crashed_tab_when_a_renderer_was_killed() -> None:
    attempts = (
        attempt(1, 1, 10, 0.0),
        replace(attempt(2, 2, 20, 0.0, "transient"), reason="the page failed: Target crashed"),
        attempt(3, 1, 11, 1.5),
        attempt(4, 2, 21, 5.0),
    )
    night = replace(BASE, attempts=attempts, deaths=(Death("renderer", 1.0, 99),))
    assert recoveries(night) == {"renderer": [4.0]}


@pytest.mark.parametrize(
    "death", [Death("worker", 1.0, 10, 10), Death("renderer", 1.0, 99), Death("driver", 1.0, 98, 97)]
)
def test_no_recovery_is_told_when_the_place_is_unknown_or_not_needed_again(death: Death) -> None:
    night = replace(BASE, attempts=(attempt(1, 1, 10, 0.0), attempt(2, 2, 21, 1.5)), deaths=(death,))
    assert recoveries(night) == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [([2.0], (2.0, 2.0)), ([3.0, 1.0, 2.0], (2.0, 3.0)), ([float(n) for n in range(1, 101)], (50.5, 95.0))],
)
def test_median_and_p95_are_nearest_rank_when_counted(
    values: list[float], expected: tuple[float, float]
) -> None:
    assert median_and_p95(values) == expected
