"""One job: a work directory that is ours alone, and a run in it from the first process to the last.

Opening clears away what a dead supervisor left.
"""

import os
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from loguru import logger
from multiprocess.resource_tracker import ensure_running

from supervisor.assembly import Assembly, JobOptions
from supervisor.attached_tabs import close_noted_tabs
from supervisor.exit_codes import ExitCode
from supervisor.guardian import RUN_MARK, Guardian, sweep_run
from supervisor.halt import Halt, disk_halt
from supervisor.journal import Journal
from supervisor.ledger import Ledger, LedgerError
from supervisor.listing import not_in_inventory
from supervisor.loop import Loop
from supervisor.mailbox import Interrupts, Mailbox
from supervisor.parts import Parts
from supervisor.run_temp import begin_run_temp, remove_run_temp, run_temp
from supervisor.settings import Settings
from supervisor.snapshot import Snapshot
from supervisor.taking import JobRefused, refuse_without_room, take_ledger
from supervisor.task_states import TaskState
from supervisor.terminal.display import Display
from supervisor.work_dir import WorkDir, WorkDirError
from tabworker.json_log import log_to_file
from tabworker.messages import Credentials

_RUN_ID = "run_id"


class Job:
    """A context manager: leaving it gives the work directory back and leaves no process behind."""

    def __init__(self, settings: Settings, options: JobOptions, work_dir: WorkDir, ledger: Ledger) -> None:
        self._settings = settings
        self._options = options
        self._work_dir = work_dir
        self._ledger = ledger
        self._run_id = uuid.uuid4().hex
        self._guardian: Guardian | None = None
        self._temp: Path | None = None

    @classmethod
    def open(cls, settings: Settings, options: JobOptions) -> "Job":
        """Take the work directory; raises JobRefused."""
        work_dir = WorkDir(settings.run.work_dir.absolute(), options.profile)
        least_mb, profile = settings.run.min_free_disk_mb, not settings.chrome.attach
        ledger = take_ledger(work_dir, fresh=options.fresh, profile=profile, least_mb=least_mb)
        job = cls(settings, options, work_dir, ledger)
        try:
            job._check_only()
            if job.already_finished() is None:
                refuse_without_room(work_dir, least_mb)
                job._take_over()
        except (LedgerError, WorkDirError) as error:
            job.close()
            raise JobRefused(disk_halt(error).message, ExitCode.DISK) from error
        except BaseException:
            job.close()
            raise
        return job

    def __enter__(self) -> "Job":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._ledger.close()
        if self._guardian is not None:
            self._guardian.release()
        if self._temp is not None:
            remove_run_temp(self._temp)

    def already_finished(self) -> Snapshot | None:
        """The closing snapshot when this job has nothing left to do; None when there is work."""
        if not self._ledger.inventory_complete or next(self._open_tasks(), None) is not None:
            return None
        counts = self._ledger.counts()
        failed = counts.failed + counts.quarantined
        return Snapshot(
            run_id=self._run_id,
            pid=os.getpid(),
            phase="finished",
            started_at=_utc_now(),
            updated_at=_utc_now(),
            counts=counts,
            portal=self._settings.portal.host,
            work_dir=str(self._work_dir.root),
            exit_code=ExitCode.SOME_FAILED if failed else ExitCode.ALL_DONE,
            summary="nothing to do: every record has ended already",
        )

    def run(self, base_url: str, credentials: Credentials, display: Display) -> ExitCode:
        """Fetch what is to be fetched; blocks until that is done or cannot go on. Never raises what a run
        can meet.
        """
        logging = self._settings.logging
        log = log_to_file(
            self._work_dir.logs / "run.jsonl",
            logging.level,
            secrets=credentials.secrets,
            rotate_mb=logging.rotate_mb,
            keep_files=logging.keep_files,
        )
        mailbox = Mailbox()
        journal = Journal()
        assembly = Assembly(self._settings, self._options, self._work_dir, self._ledger, self._run_id)
        with Interrupts(mailbox):
            parts = assembly.parts(base_url, credentials, display, journal, mailbox, log)
            try:
                halt, snapshot = Loop(parts).run()
            except (LedgerError, OSError) as error:
                logger.bind(event="storage_failed").exception("the run stops")
                halt, snapshot = disk_halt(error), None
                sweep_run(self._run_id, self._work_dir.profile)
            except BaseException:
                sweep_run(self._run_id, self._work_dir.profile)
                raise
            finally:
                parts.chrome.stop()
                self._work_dir.remove_staging()
            self._close_display(parts, halt, snapshot)
        mailbox.close()
        return halt.code

    # --- inside ---

    def _open_tasks(self) -> "filter[str]":
        only = set(self._options.only)
        tasks = self._ledger.tasks_in(TaskState.PENDING, TaskState.LEASED, first=self._options.limit)
        return filter(lambda task: not only or task in only, tasks)

    def _check_only(self) -> None:
        if not self._ledger.inventory_complete:
            return  # the references are checked once the inventory has been listed
        unknown = [ref for ref in self._options.only if not self._ledger.knows(ref)]
        if unknown:
            raise JobRefused(not_in_inventory(unknown), ExitCode.USAGE)

    def _take_over(self) -> None:
        """Clear away what a dead supervisor left, mark what we start as ours, post the guardian."""
        dead_run = self._ledger.get_meta(_RUN_ID)
        if dead_run is not None:
            swept = sweep_run(dead_run, self._work_dir.profile)
            if swept:
                logger.bind(event="dead_run_cleared").warning(
                    "cleared away {} processes of a dead run", len(swept)
                )
            remove_run_temp(run_temp(dead_run))
        close_noted_tabs(self._work_dir.attached_tabs)
        self._ledger.requeue_leases_of_dead_run()
        self._work_dir.clear_staging()
        self._ledger.set_meta(_RUN_ID, self._run_id)
        # Before the mark is set: a sweep of this run must not kill the tracker of this very process, which
        # would come to life again at its end and fill the terminal with tracebacks. It ends with us by
        # itself.
        ensure_running()
        os.environ[RUN_MARK] = self._run_id
        self._temp = _begin_temp(self._run_id)
        self._guardian = Guardian(self._run_id, self._work_dir, self._temp)

    def _close_display(self, parts: Parts, halt: Halt, snapshot: Snapshot | None) -> None:
        ending = parts.publisher.ending(snapshot, halt, parts.book.counts, parts.journal.events)
        parts.publisher.write(ending, time.monotonic(), force=True)
        parts.display.close(ending)


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _begin_temp(run_id: str) -> Path:
    try:
        return begin_run_temp(run_id)
    except OSError as error:
        raise JobRefused(
            f"the temporary folder {run_temp(run_id)} cannot be made: {error.strerror or error}. "
            "Mend its permissions, or set TMPDIR to another folder.",
            ExitCode.DISK,
        ) from error
