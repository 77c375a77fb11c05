"""The one table of legal task transitions. An event that it does not hold raises and changes nothing.

    pending ──lease──► leased ──deliver────► done
       ▲                 │  ├───fail───────► failed ──────┐
       └────requeue──────┘  └───quarantine─► quarantined ─┤
       ▲                                                  │
       └───────────────────────retry──────────────────────┘

A task is accepted once, as pending, and is in exactly one state from then on, so at every instant

    accepted = pending + leased + done + failed + quarantined.

Who moves it: ``lease`` the dispatcher; ``deliver``, ``fail``, ``quarantine`` and ``requeue`` the outcome of
a lease (a report, or the death of its worker); ``requeue`` also the start of a supervisor that finds leases
of a dead one; ``retry`` a person (``python run.py retry``). Nothing leaves done but ``--fresh``, which
starts a new ledger.
"""

from enum import StrEnum


class TaskState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    QUARANTINED = "quarantined"


class TaskEvent(StrEnum):
    LEASE = "lease"
    DELIVER = "deliver"
    FAIL = "fail"
    QUARANTINE = "quarantine"
    REQUEUE = "requeue"
    RETRY = "retry"


class IllegalTransition(Exception):
    """An event met a task in a state that does not allow it: a bug of Tabcrew, never the portal's doing."""


TRANSITIONS: dict[tuple[TaskState, TaskEvent], TaskState] = {
    (TaskState.PENDING, TaskEvent.LEASE): TaskState.LEASED,
    (TaskState.LEASED, TaskEvent.DELIVER): TaskState.DONE,
    (TaskState.LEASED, TaskEvent.FAIL): TaskState.FAILED,
    (TaskState.LEASED, TaskEvent.QUARANTINE): TaskState.QUARANTINED,
    (TaskState.LEASED, TaskEvent.REQUEUE): TaskState.PENDING,
    (TaskState.FAILED, TaskEvent.RETRY): TaskState.PENDING,
    (TaskState.QUARANTINED, TaskEvent.RETRY): TaskState.PENDING,
}


def next_state(state: TaskState, event: TaskEvent) -> TaskState:
    """The state after ``event``; raises IllegalTransition when the table holds no such arrow."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"a task that is {state} cannot {event}") from None
