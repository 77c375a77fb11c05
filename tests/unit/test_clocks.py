"""The two clocks in shared memory: what one side stamps, the other reads, without a lock."""

import multiprocess
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tabworker.clocks import ClockReading, Clocks


@pytest.fixture
def clocks() -> Clocks:
    return Clocks.shared(multiprocess.get_context("spawn"), now=100.0)


def test_clocks_show_life_and_no_step_when_they_are_new(clocks: Clocks) -> None:
    reading = clocks.read()
    assert (reading.alive_at, reading.step, reading.step_deadline_at) == (100.0, "", None)
    assert not reading.has_beaten


def test_alive_moves_alone_when_the_thread_beats(clocks: Clocks) -> None:
    clocks.begin_step("open record", now=101.0, within_s=30.0)
    clocks.beat(105.0)
    assert clocks.read() == ClockReading(105.0, "open record", 101.0, 131.0, has_beaten=True)


def test_progress_moves_alone_when_the_work_goes_on(clocks: Clocks) -> None:
    clocks.begin_step("open record", now=101.0, within_s=30.0)
    clocks.begin_step("verify", now=111.0, within_s=5.0)
    assert clocks.read() == ClockReading(100.0, "verify", 111.0, 116.0)


def test_no_step_and_no_deadline_are_left_when_the_steps_ended(clocks: Clocks) -> None:
    clocks.begin_step("a step with a long name", now=101.0, within_s=30.0)
    clocks.end_steps()
    reading = clocks.read()
    assert (reading.step, reading.step_deadline_at) == ("", None)


def test_no_rest_of_the_old_name_is_left_when_the_new_one_is_shorter(clocks: Clocks) -> None:
    clocks.begin_step("a step with a long name", now=101.0, within_s=30.0)
    clocks.begin_step("ab", now=102.0, within_s=30.0)
    assert clocks.read().step == "ab"


def test_step_is_never_late_at_once_when_it_is_read_between_two_stores(clocks: Clocks) -> None:
    """A reader may come between any two stores: an old deadline with a new step would kill the innocent."""
    clocks.begin_step("old", now=101.0, within_s=1.0)
    stores: list[int] = []

    class Watched:
        def __setitem__(self, index: int, value: float) -> None:
            numbers[index] = value
            stores.append(index)
            reading = clocks.read()
            assert reading.step == "old"
            assert reading.step_deadline_at == 530.0

    numbers = clocks._numbers
    Clocks(Watched(), clocks._name).begin_step("new", now=500.0, within_s=30.0)  # type: ignore[arg-type]
    assert len(stores) == 2
    assert clocks.read() == ClockReading(100.0, "new", 500.0, 530.0)


@settings(deadline=None)
@example("x" * 96)
@example("🚗" * 60)
@given(st.text(max_size=200) | st.text(alphabet="🚗\ud800\x00", max_size=60))
def test_name_is_readable_when_a_step_is_called_anything(name: str) -> None:
    clocks = Clocks.shared(multiprocess.get_context("spawn"), now=0.0)
    clocks.begin_step(name, now=1.0, within_s=1.0)
    shown = clocks.read().step
    assert len(shown.encode()) < 96
    assert name.encode("utf-8", "replace").decode().startswith(shown)
    if "\x00" not in name:
        assert len(shown) >= min(len(name), 23)
