"""One job: a work directory that is ours alone, and a run in it from the first process to the last.

Opening takes the ledger's lock, which is what refuses a second supervisor, and clears away what a dead
supervisor left. Everything that can be refused is refused here, before a process is started.
"""

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from loguru import logger
from multiprocess.resource_tracker import ensure_running

from supervisor.attached_chrome import Attachment
from supervisor.attached_tabs import close_noted_tabs
from supervisor.blocking import blocked_hosts, blocked_types
from supervisor.chrome_keeper import ChromeKeeper
from supervisor.code_use import CodeUse
from supervisor.crew import Crew
from supervisor.disk_room import LEAST_MB, lack_of_room
from supervisor.dispatch import Dispatcher, Halt, disk_halt
from supervisor.exit_codes import ExitCode
from supervisor.guardian import RUN_MARK, Guardian, sweep_run
from supervisor.journal import Journal
from supervisor.launched_chrome import Launch
from supervisor.ledger import Ledger, LedgerError, LedgerLocked
from supervisor.loop import Loop, Parts
from supervisor.mailbox import Interrupts, Mailbox
from supervisor.pause import Pause
from supervisor.portal_gate import GateLimits, PortalGate
from supervisor.publisher import Publisher
from supervisor.retry import RetryLimits
from supervisor.run_temp import begin_run_temp, remove_run_temp, run_temp
from supervisor.settings import Settings
from supervisor.snapshot import Snapshot
from supervisor.task_book import TaskBook
from supervisor.task_states import TaskState
from supervisor.terminal.display import Display
from supervisor.work_dir import WorkDir, WorkDirError
from tabworker.adapters.form_addresses import absolute, page_address
from tabworker.adapters.form_settings import FormSettings
from tabworker.json_log import log_to_file
from tabworker.log_file import LogFile
from tabworker.messages import Credentials
from tabworker.resource_blocking import blocked_addresses
from tabworker.setup import Debugging, WorkerSetup

_RUN_ID = "run_id"


class JobRefused(Exception):
    """The job cannot be opened; nothing was started. ``str()`` is the message for people."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class JobOptions:
    """``fresh``: start over. ``limit``: only the first records of the inventory, 0 = all. ``only``: these
    references. ``profile``: Chrome's profile, None = the work directory's own. ``make_dispatcher``: makes
    the one who decides, with Dispatcher's arguments.
    """

    fresh: bool = False
    limit: int = 0
    only: tuple[str, ...] = ()
    slow_mo_ms: float = 0.0
    pause_on_failure: bool = False
    profile: Path | None = None
    make_dispatcher: Callable[..., Dispatcher] = Dispatcher


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
        ledger = _take_ledger(work_dir, fresh=options.fresh, profile=profile, least_mb=least_mb)
        job = cls(settings, options, work_dir, ledger)
        try:
            job._check_only()
            if job.already_finished() is None:
                _refuse_without_room(work_dir, least_mb)
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
        with Interrupts(mailbox):
            parts = self._parts(base_url, credentials, display, journal, mailbox, log)
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
            raise JobRefused(
                f"--only names records that the inventory does not have: {', '.join(unknown[:10])}",
                ExitCode.USAGE,
            )

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

    def _parts(
        self,
        base_url: str,
        credentials: Credentials,
        display: Display,
        journal: Journal,
        mailbox: Mailbox,
        log: LogFile,
    ) -> Parts:
        settings, work_dir = self._settings, self._work_dir
        retry, pacing = settings.retry, settings.pacing
        book = TaskBook(
            self._ledger,
            work_dir,
            RetryLimits(retry.max_retries, retry.backoff_s, retry.backoff_max_s, retry.max_worker_deaths),
        )
        gate = PortalGate(
            GateLimits(
                pacing.tasks_per_minute,
                pacing.portal_down_after,
                pacing.portal_probe_every_s,
                pacing.portal_down_give_up_s,
            ),
            random.uniform,
        )
        known = self._ledger.inventory_complete
        if known:
            book.schedule(self._options.only, self._options.limit)
        form = settings.portal.form(base_url)
        dispatcher = self._options.make_dispatcher(
            settings,
            credentials,
            book,
            gate,
            work_dir.staging,
            journal,
            self._options.only,
            inventory_known=known,
            code_use=CodeUse(self._ledger),
            portal_page=_page_of(form, adapter=settings.portal.adapter),
        )
        if settings.chrome.headless and not settings.headless and not settings.chrome.attach:
            journal.info("visible", "Chrome is visible, as [portal] sign_in = manual needs it")

        def wake() -> None:
            mailbox.post(None)

        chrome = ChromeKeeper(settings.chrome, work_dir, self._way_to_chrome(journal), wake)
        return Parts(
            settings=settings,
            work_dir=work_dir,
            ledger=self._ledger,
            book=book,
            dispatcher=dispatcher,
            chrome=chrome,
            crew=Crew(wake),
            journal=journal,
            log=log,
            publisher=Publisher(self._run_id, work_dir, settings.portal.host, time.monotonic()),
            display=display,
            mailbox=mailbox,
            pause=Pause(self._options.pause_on_failure, mailbox.post),
            make_setup=lambda slot, name: self._setup(slot, name, form),
        )

    def _way_to_chrome(self, journal: Journal) -> Launch | Attachment:
        settings, work_dir = self._settings, self._work_dir
        if settings.chrome.attach:
            return Attachment(
                settings.chrome.attach,
                work_dir,
                self._run_id,
                settings.portal.downloads,
                lambda text: journal.warning("own_download", text),
            )
        return Launch(
            settings.chrome,
            work_dir,
            settings.run.workers,
            settings.headless,
            self._blocked_types,
            lambda text: journal.info("install", text),
        )

    @property
    def _blocked_types(self) -> frozenset[str]:
        """Nothing where a person signs in: what one must look at or listen to for that may be any of it."""
        settings = self._settings
        return (
            frozenset()
            if settings.portal.by_hand
            else blocked_types(settings.chrome, settings.portal.capture)
        )

    def _setup(self, slot: int, name: str, form: FormSettings) -> WorkerSetup:
        settings, work_dir = self._settings, self._work_dir
        return WorkerSetup(
            slot=slot,
            name=name,
            supervisor_pid=os.getpid(),
            adapter=settings.portal.adapter,
            portal=form,
            staging=work_dir.staging,
            downloads=work_dir.downloads,
            failures=work_dir.failures,
            logs=work_dir.logs,
            temp=work_dir.staging / f"worker-{name}",
            heartbeat_s=settings.watchdog.heartbeat_s,
            blocked_addresses=blocked_addresses(
                self._blocked_types,
                blocked_hosts(settings.chrome),
                by_switches=not settings.chrome.attach,
            ),
            shows_pdfs=bool(settings.chrome.attach),
            log_level=settings.logging.level,
            debugging=Debugging(
                slow_mo_ms=self._options.slow_mo_ms,
                keep_page=self._options.pause_on_failure,
                trace=settings.run.trace == "failed",
            ),
        )

    def _close_display(self, parts: Parts, halt: Halt, snapshot: Snapshot | None) -> None:
        ending = parts.publisher.ending(snapshot, halt, parts.book.counts, parts.journal.events)
        parts.publisher.write(ending, time.monotonic(), force=True)
        parts.display.close(ending)


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
    ledger = _take_ledger(work_dir, fresh=False, profile=not settings.chrome.attach)
    try:
        yield work_dir
    finally:
        ledger.close()


def retry_tasks(settings: Settings, refs: tuple[str, ...]) -> int:
    """Failed and quarantined tasks (all, or those named) back to pending; returns how many. Raises
    JobRefused.
    """
    work_dir = WorkDir(settings.run.work_dir.absolute())
    ledger = _take_ledger(work_dir, fresh=False, profile=not settings.chrome.attach)
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


def _begin_temp(run_id: str) -> Path:
    try:
        return begin_run_temp(run_id)
    except OSError as error:
        raise JobRefused(
            f"the temporary folder {run_temp(run_id)} cannot be made: {error.strerror or error}. "
            "Mend its permissions, or set TMPDIR to another folder.",
            ExitCode.DISK,
        ) from error


def _refuse_without_room(work_dir: WorkDir, least_mb: float) -> None:
    if lack := lack_of_room(work_dir, least_mb):
        raise JobRefused(lack, ExitCode.DISK)


def _take_ledger(work_dir: WorkDir, *, fresh: bool, profile: bool = True, least_mb: float = 0) -> Ledger:
    """The ledger of a work directory that is ours from now on; raises JobRefused. ``least_mb``: what must be
    free for a new one.
    """
    try:
        work_dir.prepare(profile=profile)
        ledger = Ledger.open(work_dir.ledger)
        return _start_over(ledger, work_dir, least_mb) if fresh else ledger
    except LedgerLocked as error:
        raise JobRefused(
            f"another supervisor is running in {work_dir.root} (or another program holds its ledger "
            "open): wait "
            "for it, stop it, or name another work directory with --work-dir. `python run.py status` shows "
            "what it does.",
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
    _refuse_without_room(work_dir, least_mb)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    work_dir.ledger.rename(work_dir.ledger.with_name(f"ledger-{stamp}.sqlite"))
    return Ledger.open(work_dir.ledger)


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _page_of(form: FormSettings, adapter: str) -> str:
    """The inventory, which the portal itself must make; all that is known with an adapter of one's own is
    where the portal is.
    """
    if adapter != "form":
        return form.url
    return absolute(form.url, page_address(form.inventory_url, form.first_page, offset=0))
