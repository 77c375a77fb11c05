"""The kills of a night follow from the seed alone."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rehearsal.schedule import Victim, pick_one, plan_kills


@given(st.integers(), st.integers(min_value=1, max_value=3000))
def test_plan_holds_its_bounds_when_any_seed_is_given(seed: int, records: int) -> None:
    kills = plan_kills(seed, records)
    assert {kill.victim for kill in kills} == set(Victim)
    shares = [kill.after_share for kill in kills]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert all(0 < share < 0.95 for share in shares[1:])
    assert all(0 <= kill.delay_s <= 8 and 0 <= kill.pick < 1 for kill in kills)


def test_plan_is_the_same_when_the_seed_is_the_same() -> None:
    assert plan_kills(7, 200) == plan_kills(7, 200)
    assert plan_kills(7, 200) != plan_kills(8, 200)


def test_plan_grows_with_the_records_when_there_are_more_of_them() -> None:
    counts = Counter(kill.victim for kill in plan_kills(1, 200))
    assert counts[Victim.WORKER] == 6
    assert counts[Victim.SUPERVISOR] == counts[Victim.CHROME] == counts[Victim.STOPPED] == 2
    assert len(plan_kills(1, 2000)) == 10 * len(plan_kills(1, 200))


@given(st.integers())
def test_plan_leaves_records_after_the_last_kill_when_the_night_is_short(seed: int) -> None:
    assert all(kill.after_share <= 0.75 for kill in plan_kills(seed, 40))


@pytest.mark.parametrize(
    ("candidates", "pick", "index"), [(1, 0.99, 0), (4, 0.0, 0), (4, 0.5, 2), (4, 0.999, 3)]
)
def test_pick_one_names_a_candidate_when_there_are_any(candidates: int, pick: float, index: int) -> None:
    assert pick_one(candidates, pick) == index
