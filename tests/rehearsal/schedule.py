"""What is killed, and when: follows from the seed and the number of records alone. Pure.

A moment is a share of the records that have ended, and a delay after that: so the same seed means the same
night on a fast machine and on a slow one, and no kill waits for a run that is over.
"""

import random
from dataclasses import dataclass
from enum import StrEnum


class Victim(StrEnum):
    """What is killed. ``STOPPED``: a worker that gets SIGSTOP instead, so that it freezes and never ends."""

    WORKER = "worker"
    DRIVER = "driver"
    RENDERER = "renderer"
    CHROME = "chrome"
    SUPERVISOR = "supervisor"
    STOPPED = "stopped worker"


KILLS_PER_100_RECORDS = {
    Victim.WORKER: 3,
    Victim.DRIVER: 2,
    Victim.RENDERER: 2,
    Victim.CHROME: 1,
    Victim.SUPERVISOR: 1,
    Victim.STOPPED: 1,
}
_LAST_SHARE = 0.93
_RECORDS_AFTER_THE_LAST = 10
"""Later than this, in share or in records, the run may be over before the kill."""

_STARTING_S = 8.0
"""One kill falls into the first seconds: Chrome starts, the first worker signs in and lists the inventory."""

_LONGEST_DELAY_S = 1.5


@dataclass(frozen=True)
class PlannedKill:
    """``after_share``: of the records that have ended. ``pick``: which of the candidates, from 0 to 1.

    ``at_once``: a killed supervisor is started again beside its own remains; else when they are gone.
    """

    victim: Victim
    after_share: float
    delay_s: float
    pick: float
    at_once: bool


def plan_kills(seed: int, records: int) -> tuple[PlannedKill, ...]:
    """The kills of a night in their order; every kind at least once, the first one while the run starts."""
    chance = random.Random(f"rehearsal/{seed}")
    victims = [
        victim
        for victim, per_100 in KILLS_PER_100_RECORDS.items()
        for _ in range(max(1, round(per_100 * records / 100)))
    ]
    chance.shuffle(victims)
    last_share = max(0.5, min(_LAST_SHARE, 1 - _RECORDS_AFTER_THE_LAST / records))
    shares = [0.0, *sorted(chance.uniform(0.02, last_share) for _ in victims[1:])]
    return tuple(
        PlannedKill(
            victim,
            share,
            chance.uniform(0.0, _LONGEST_DELAY_S if share else _STARTING_S),
            chance.random(),
            chance.random() < 0.5,
        )
        for victim, share in zip(victims, shares, strict=True)
    )


def pick_one(candidates: int, pick: float) -> int:
    """The index that ``pick`` (from 0 to 1, exclusive) means among so many candidates."""
    return min(int(pick * candidates), candidates - 1)
