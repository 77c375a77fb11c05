"""Makes the parts of a run from the settings: what decides, what acts, what each worker is told."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from supervisor.attached_chrome import Attachment
from supervisor.blocking import blocked_hosts, blocked_types
from supervisor.chrome_keeper import ChromeKeeper
from supervisor.code_use import CodeUse
from supervisor.crew import Crew
from supervisor.dispatch import Dispatcher
from supervisor.journal import Journal
from supervisor.launched_chrome import Launch
from supervisor.ledger import Ledger
from supervisor.mailbox import Mailbox
from supervisor.parts import Parts
from supervisor.pause import Pause
from supervisor.portal_gate import GateLimits, PortalGate
from supervisor.publisher import Publisher
from supervisor.retry import RetryLimits
from supervisor.settings import Settings
from supervisor.task_book import TaskBook
from supervisor.terminal.display import Display
from supervisor.work_dir import WorkDir
from tabworker.adapters.form_addresses import absolute, page_address
from tabworker.adapters.form_settings import FormSettings
from tabworker.log_file import LogFile
from tabworker.messages import Credentials
from tabworker.resource_blocking import blocked_addresses
from tabworker.setup import Debugging, WorkerSetup


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


class Assembly:
    """Of one run, in a work directory that is ours."""

    def __init__(
        self, settings: Settings, options: JobOptions, work_dir: WorkDir, ledger: Ledger, run_id: str
    ) -> None:
        self._settings = settings
        self._options = options
        self._work_dir = work_dir
        self._ledger = ledger
        self._run_id = run_id

    def parts(
        self,
        base_url: str,
        credentials: Credentials,
        display: Display,
        journal: Journal,
        mailbox: Mailbox,
        log: LogFile,
    ) -> Parts:
        settings, work_dir = self._settings, self._work_dir
        book = self._book()
        known = self._ledger.inventory_complete
        if known:
            book.schedule(self._options.only, self._options.limit)
        form = settings.portal.form(base_url)
        dispatcher = self._options.make_dispatcher(
            settings,
            credentials,
            book,
            self._gate(),
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

    def _book(self) -> TaskBook:
        retry = self._settings.retry
        limits = RetryLimits(retry.max_retries, retry.backoff_s, retry.backoff_max_s, retry.max_worker_deaths)
        return TaskBook(self._ledger, self._work_dir, limits)

    def _gate(self) -> PortalGate:
        pacing = self._settings.pacing
        limits = GateLimits(
            pacing.tasks_per_minute,
            pacing.portal_down_after,
            pacing.portal_probe_every_s,
            pacing.portal_down_give_up_s,
        )
        return PortalGate(limits, random.uniform)

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
            by_hand=settings.portal.by_hand,
            log_level=settings.logging.level,
            debugging=Debugging(
                slow_mo_ms=self._options.slow_mo_ms,
                keep_page=self._options.pause_on_failure,
                trace=settings.run.trace == "failed",
            ),
        )


def _page_of(form: FormSettings, adapter: str) -> str:
    """The inventory, which the portal itself must make; all that is known with an adapter of one's own is
    where the portal is.
    """
    if adapter != "form":
        return form.url
    return absolute(form.url, page_address(form.inventory_url, form.first_page, offset=0))
