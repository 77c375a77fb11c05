"""Why a run must end: the first reason is the one that counts and is told."""

from dataclasses import dataclass

from supervisor.exit_codes import ExitCode
from supervisor.journal import Journal


@dataclass(frozen=True)
class Halt:
    """The run must end with this code; ``message`` says why and what to do."""

    code: ExitCode
    message: str


def disk_halt(error: object) -> Halt:
    """The end of a run whose work directory cannot be read or written."""
    return Halt(
        ExitCode.DISK,
        f"the work directory failed: {error}. Nothing is lost: mend the disk, then run again.",
    )


class Stop:
    """``halt``: set once the run cannot go on."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.halt: Halt | None = None

    def over(self, code: ExitCode, message: str) -> None:
        if self.halt is None:
            self.halt = Halt(code, message)
            self._journal.error("halt", message, exit_code=int(code))

    def over_disk(self, error: object) -> None:
        halt = disk_halt(error)
        self.over(halt.code, halt.message)
