"""One duty in, one report out: what went wrong is classified here, once, whoever raised it."""

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec
from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.base import Adapter
from tabworker.by_hand import ByHand
from tabworker.driver import Driver
from tabworker.evidence import save_evidence
from tabworker.failures import AdapterMisfit, FailureClass, PortalFailure, StorageFailure, Throttled
from tabworker.masking import masked
from tabworker.messages import (
    Attach,
    DocumentFetched,
    Duty,
    DutyFailed,
    FetchDocument,
    ListRecords,
    OpenPortal,
    PersonAwaited,
    PortalOpened,
    RecordsListed,
    Report,
    SessionProven,
    SignIn,
    staged_document,
    staged_inventory,
)
from tabworker.pdf_check import verify_pdf
from tabworker.probe import Point, reached
from tabworker.setup import WorkerSetup
from tabworker.storage_probe import storage_fault
from tabworker.tab import Tab
from tabworker.trace import Trace

TabDuty = OpenPortal | SignIn | ListRecords | FetchDocument
"""What is done on an attached tab."""

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_ANSWERS_WITHIN_S = 2.0
_DRIVER_ENDS_WITHIN_S = 0.2


class DutyDesk:
    """Does duties on one tab with one adapter, through one driver."""

    def __init__(
        self,
        setup: WorkerSetup,
        tab: Tab,
        adapter: Adapter,
        driver: Driver,
        tell: Callable[[Report], None],
    ) -> None:
        """``tell``: for what is to be reported before a duty has ended."""
        self._setup = setup
        self._tab = tab
        self._adapter = adapter
        self._driver = driver
        self._tell = tell
        self._trace = Trace(tab.page.context, setup.temp / "trace.zip") if setup.debugging.trace else None

    def do(self, duty: Duty) -> Report:
        """Never raises what a portal, a record or a disk can cause: that is a DutyFailed."""
        if isinstance(duty, Attach):
            raise RuntimeError("this worker is attached already")
        try:
            with logger.contextualize(epoch=duty.epoch, task=_subject(duty)):
                return self._try(duty)
        except (
            PortalFailure,
            StorageFailure,
            PlaywrightError,
            OSError,
            ArithmeticError,
            LookupError,
        ) as error:
            return self._failed(duty, error)
        except Exception as error:  # noqa: BLE001  # an adapter is somebody else's code: it may raise anything
            logger.bind(event="adapter_bug", epoch=duty.epoch).exception(
                "an adapter or Tabcrew itself has a bug"
            )
            return self._failed(duty, error)

    def _try(self, duty: TabDuty) -> Report:
        match duty:
            case OpenPortal():
                return self._open_portal(duty)
            case SignIn():
                return self._sign_in(duty)
            case ListRecords():
                return self._list_records(duty)
            case FetchDocument():
                return self._fetch(duty)

    def _open_portal(self, duty: OpenPortal) -> PortalOpened:
        tab = self._tab
        tab.reset()
        tab.step("open portal", duty.timeout_s)
        response = tab.page.goto(duty.url, wait_until="domcontentloaded")
        status = response.status if response else 0
        return PortalOpened(duty.epoch, status, masked(tab.page.url, self._tab.secrets), tab.page.title())

    def _sign_in(self, duty: SignIn) -> SessionProven:
        tab, adapter = self._tab, self._adapter
        tab.secrets |= duty.credentials.secrets
        tab.reset()
        tab.step("prove the session")
        if adapter.is_signed_in(tab):
            return SessionProven(duty.epoch, signed_in_now=False)
        if duty.by_hand:
            person = ByHand(tab, adapter, self._setup.portal, duty.timeout_s)
            person.sign_in(lambda url: self._tell(PersonAwaited(duty.epoch, url)))
            return SessionProven(duty.epoch, signed_in_now=True)
        tab.step("sign in")
        adapter.sign_in(tab, duty.credentials)
        led_to = tab.page.url
        tab.step("prove the session")
        if not adapter.is_signed_in(tab):
            raise AdapterMisfit(
                f"signed in without an error, which led to {led_to}, but the proof is missing on "
                f"{tab.page.url}: {_why_unproven(tab, led_to)}"
            )
        return SessionProven(duty.epoch, signed_in_now=True)

    def _list_records(self, duty: ListRecords) -> RecordsListed:
        tab = self._tab
        tab.reset()
        tab.step("list the inventory")
        path = staged_inventory(self._setup.staging, duty.epoch)
        tab.destination = path.with_suffix(".raw")
        count, seen = 0, set[str]()
        try:
            with path.open("wb") as file:
                for record in self._adapter.list_records(tab):
                    if record.ref in seen:
                        logger.bind(event="duplicate_record").warning(
                            "record {!r} is listed twice", record.ref
                        )
                        continue
                    seen.add(record.ref)
                    file.write(msgspec.json.encode(record) + b"\n")
                    count += 1
        finally:
            tab.destination.unlink(missing_ok=True)
        return RecordsListed(duty.epoch, count)

    def _fetch(self, duty: FetchDocument) -> DocumentFetched | DutyFailed:
        began_at = time.monotonic()
        tab, record = self._tab, duty.record
        tab.reset()
        if tab.has_crashed():
            return _without_page(duty)
        if self._trace is not None:
            self._trace.begin(f"{record.ref}, attempt {duty.attempt}")
        tab.step("open record")
        tab.destination = staged_document(self._setup.staging, duty.epoch)
        captured = self._adapter.fetch_document(tab, record)
        reached(Point.FETCHED)
        tab.step("verify document")
        reference = record.reference if self._setup.portal.reference_in_document else None
        verified = verify_pdf(captured, reference)
        _sync(tab)
        if self._trace is not None:
            self._trace.discard()
        return DocumentFetched(
            duty.epoch,
            verified.sha256,
            verified.size_bytes,
            verified.pages,
            fetch_s=time.monotonic() - began_at,
            warning=verified.warning,
        )

    def _failed(self, duty: TabDuty, error: Exception) -> DutyFailed:
        driver_is_gone = self._driver.is_gone()
        if not driver_is_gone:
            self._tab.secrets.update(self._tab.session_secrets())
        failure_class, reason = classify(error)
        if failure_class is FailureClass.TRANSIENT:
            setup = self._setup
            if fault := storage_fault(setup.staging, setup.downloads):
                failure_class, reason = FailureClass.STORAGE, f"{fault} ({reason})"
        reason = masked(reason, self._tab.secrets)
        step = self._tab.current_step
        logger.bind(event="duty_failed", epoch=duty.epoch, step=step).warning("{}: {}", failure_class, reason)
        with suppress(OSError):  # read-only: a worker that dies over it would be held against the record
            self._tab.destination.unlink(missing_ok=True)
        if driver_is_gone:
            return _without_driver(duty, step)
        evidence: list[str] = []
        unfit = "it ran out of memory" if isinstance(error, MemoryError) else ""
        # First of all: as long as it records, each question to the page waits for a picture of the page.
        traced = self._trace is not None and self._trace.end()
        if failure_class is not FailureClass.STORAGE:
            self._tab.step("keep evidence", within_s=10.0)
            if not self._tab.is_responsive(within_s=_ANSWERS_WITHIN_S):
                # Of a crash it was the driver who told: it lives, and the wait would only delay the report.
                if not self._tab.crashed and self._driver.is_gone(_DRIVER_ENDS_WITHIN_S):
                    return _without_driver(duty, step)
                unfit = "its page does not answer any more"
            if failure_class not in (FailureClass.SESSION, FailureClass.THROTTLE):
                name = duty.evidence_name if isinstance(duty, FetchDocument) else _subject(duty)
                evidence = save_evidence(
                    self._tab,
                    self._setup.failures,
                    name,
                    reason,
                    step,
                    page_answers=not unfit,
                    secrets=self._tab.secrets,
                    trace=self._trace if traced else None,
                )
            # An unfit worker's tab is closed with all that it opened.
            if not unfit and not self._setup.debugging.keep_page:
                self._tab.popups.close_all()
                if self._setup.by_hand:
                    # Where it was led may be a sign-in form: a person shall see the one that is watched.
                    self._tab.leave_page(within_s=_ANSWERS_WITHIN_S)
        return DutyFailed(
            duty.epoch,
            failure_class,
            reason,
            step,
            retry_after_s=error.retry_after_s if isinstance(error, Throttled) else None,
            evidence=evidence,
            unfit=unfit,
        )


def classify(error: Exception) -> tuple[FailureClass, str]:
    """Whose fault an error is, and the sentence for people."""
    if isinstance(error, PortalFailure | StorageFailure):
        return error.failure_class, error.reason
    if isinstance(error, PlaywrightTimeout):
        return FailureClass.TRANSIENT, f"the page took too long: {_first_line(error)}"
    if isinstance(error, PlaywrightError):
        return FailureClass.TRANSIENT, f"the page failed: {_first_line(error)}"
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        return FailureClass.STORAGE, f"the work directory cannot take the document: {error}"
    if isinstance(error, OSError):
        return FailureClass.TRANSIENT, f"the system failed: {error}"
    return (
        FailureClass.TRANSIENT,
        f"unexpected {type(error).__name__}: {_first_line(error)} (the worker's log has the traceback)",
    )


def _why_unproven(tab: Tab, led_to: str) -> str:
    """What to do about a sign-in that is proven where it led to, and nowhere else."""
    if masked(led_to) == led_to or tab.page.context.cookies(led_to):
        return "check [portal] signed_in_selector"
    return (
        "the portal sets no cookie and names its session in the address alone, which neither another tab nor "
        'an address of the settings can know. See "The session is in the address alone" in '
        "docs/how-to/connect-a-portal.md"
    )


def _without_driver(duty: TabDuty, step: str) -> DutyFailed:
    """Every step fails once the driver is dead, whatever the page does: that is no fault of the record."""
    reason = f"the Playwright driver of this worker (pid {os.getpid()}) died"
    return DutyFailed(duty.epoch, FailureClass.WORKER, reason, step, unfit="its driver died")


def _without_page(duty: FetchDocument) -> DutyFailed:
    """Whatever crashed the tab while it waited for work, it was not the record that comes next."""
    reason = "the tab had crashed before this record was opened in it"
    return DutyFailed(
        duty.epoch, FailureClass.OURS, reason, "open record", unfit="its tab crashed while idle"
    )


def _sync(tab: Tab) -> None:
    """Put the document on disk while we are still in the worker: the supervisor's own sync is then free."""
    fd = os.open(tab.destination, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


def _subject(duty: TabDuty) -> str:
    match duty:
        case OpenPortal():
            return "portal"
        case SignIn():
            return "sign-in"
        case ListRecords():
            return "inventory"
        case FetchDocument():
            return duty.record.ref
