"""Takes a work directory and its ledger for one supervisor alone, or says why it cannot be had.

The ledger's lock is what refuses a second supervisor. Nothing is started here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from supervisor.disk_room import LEAST_MB, lack_of_room
from supervisor.exit_codes import ExitCode
from supervisor.ledger import Ledger, LedgerError, LedgerLocked
from supervisor.settings import Settings
from supervisor.task_states import TaskState
from supervisor.work_dir import WorkDir, WorkDirError


class JobRefused(Exception):
    """The job cannot be opened; nothing was started. ``str()`` is the message for people."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def take_ledger(work_dir: WorkDir, *, fresh: bool, profile: bool = True, least_mb: float = 0) -> Ledger:
    """The ledger of a work directory that is ours from now on; raises JobRefused. ``least_mb``: what must be
    free for a new one.
    """
    try:
        work_dir.prepare(profile=profile)
        ledger = Ledger.open(work_dir.ledger)
        return _start_over(ledger, work_dir, least_mb) if fresh else ledger
    except LedgerLocked as error:
        raise JobRefused(
            f"another supervisor is running in {work_dir.root} (or another program holds its ledger open): "
            "wait for it, stop it, or name another work directory with --work-dir. `python run.py status` "
            "shows what it does.",
            ExitCode.ANOTHER_SUPERVISOR,
        ) from error
    except (LedgerError, WorkDirError, OSError) as error:
        # A disk without room shows in many ways; what helps is how much is lacking.
        lack = lack_of_room(work_dir, max(LEAST_MB, least_mb))
        raise JobRefused(lack or str(error), ExitCode.DISK) from error


def _start_over(ledger: Ledger, work_dir: WorkDir, least_mb: float) -> Ledger:
    """Put the ledger aside, with its time in its name, and begin a new one; documents stay until they are
    replaced. Raises JobRefused, with the old one in its place, when there is no room for a new one.
    """
    ledger.close()
    refuse_without_room(work_dir, least_mb)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    work_dir.ledger.rename(work_dir.ledger.with_name(f"ledger-{stamp}.sqlite"))
    return Ledger.open(work_dir.ledger)


def refuse_without_room(work_dir: WorkDir, least_mb: float) -> None:
    if lack := lack_of_room(work_dir, least_mb):
        raise JobRefused(lack, ExitCode.DISK)


@contextmanager
def job_at_rest(settings: Settings) -> Iterator[WorkDir]:
    """The work directory of a job while nobody works in it: a run that wants to begin is refused meanwhile.

    Raises JobRefused. A ledger that is there is opened and not changed; one that is not is not made.
    """
    work_dir = WorkDir(settings.run.work_dir.absolute())
    if not work_dir.ledger.exists():
        try:
            work_dir.prepare(profile=not settings.chrome.attach)
        except WorkDirError as error:
            raise JobRefused(str(error), ExitCode.DISK) from error
        yield work_dir
        return
    ledger = take_ledger(work_dir, fresh=False, profile=not settings.chrome.attach)
    try:
        yield work_dir
    finally:
        ledger.close()


def retry_tasks(settings: Settings, refs: tuple[str, ...]) -> int:
    """Failed and quarantined tasks (all, or those named) back to pending; returns how many. Raises
    JobRefused.
    """
    work_dir = WorkDir(settings.run.work_dir.absolute())
    ledger = take_ledger(work_dir, fresh=False, profile=not settings.chrome.attach)
    try:
        ended = set(ledger.tasks_in(TaskState.FAILED, TaskState.QUARANTINED))
        wrong = [ref for ref in refs if ref not in ended]
        if wrong:
            raise JobRefused(
                f"not failed and not quarantined, so there is nothing to retry: {', '.join(wrong[:10])}",
                ExitCode.USAGE,
            )
        chosen = list(dict.fromkeys(refs)) or sorted(ended)
        ledger.retry(chosen)
        return len(chosen)
    finally:
        ledger.close()
