"""The table of legal transitions: what it allows, and that nothing else is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.task_states import TRANSITIONS, IllegalTransition, TaskEvent, TaskState, next_state

LEGAL = {
    ("pending", "lease", "leased"),
    ("leased", "deliver", "done"),
    ("leased", "fail", "failed"),
    ("leased", "quarantine", "quarantined"),
    ("leased", "requeue", "pending"),
    ("failed", "retry", "pending"),
    ("quarantined", "retry", "pending"),
}
"""Written out a second time on purpose: a slip in the table must not agree with itself."""


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("event", TaskEvent)
def test_task_moves_only_along_an_arrow_when_an_event_meets_a_state(
    state: TaskState, event: TaskEvent
) -> None:
    drawn = [after for before, what, after in LEGAL if (before, what) == (state, event)]
    table_before = dict(TRANSITIONS)
    if drawn:
        assert next_state(state, event) == drawn[0]
    else:
        with pytest.raises(IllegalTransition, match=f"a task that is {state} cannot {event}"):
            next_state(state, event)
    assert table_before == TRANSITIONS


def test_done_has_no_way_out_when_all_arrows_are_read() -> None:
    assert not [event for state, event in TRANSITIONS if state is TaskState.DONE]


def test_every_state_can_be_reached_when_a_task_starts_as_pending() -> None:
    reached = {TaskState.PENDING}
    for _ in TaskState:
        reached |= {after for (before, _event), after in TRANSITIONS.items() if before in reached}
    assert reached == set(TaskState)


@settings(deadline=None)
@given(st.lists(st.sampled_from(TaskEvent), max_size=30))
def test_task_keeps_its_state_when_illegal_events_are_strewn_in(events: list[TaskEvent]) -> None:
    with_illegal = only_legal = TaskState.PENDING
    for event in events:
        try:
            with_illegal = next_state(with_illegal, event)
        except IllegalTransition:
            assert with_illegal is only_legal
            continue
        only_legal = TRANSITIONS[only_legal, event]
        assert with_illegal is only_legal
