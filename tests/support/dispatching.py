"""A dispatcher over a real ledger, and the words to play its crew: give a duty, let it end in some way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from supervisor.code_use import CodeUse
from supervisor.dispatch import Dispatcher
from supervisor.exit_codes import ExitCode
from supervisor.journal import Journal
from supervisor.ledger import Ledger
from supervisor.portal_gate import GateLimits, PortalGate
from supervisor.retry import RetryLimits
from supervisor.task_book import TaskBook
from supervisor.work_dir import WorkDir
from tabworker.failures import FailureClass
from tabworker.messages import (
    Credentials,
    Duty,
    DutyFailed,
    FetchDocument,
    ListRecords,
    OpenPortal,
    PortalOpened,
    RecordsListed,
    SessionProven,
    SignIn,
    staged_inventory,
)
from tests.support.books import assert_accounting, failed, fetched, prepared, records
from tests.support.settings_files import load

CREDENTIALS = Credentials("demo", "hunter2")
PORTAL_PAGE = "https://portal.example/inventory"
PACING = "[pacing]\nportal_down_after = 3\nportal_probe_every_s = 30\nportal_down_give_up_s = 600\n"


class Desk:
    """Time stands still unless a test moves ``now``. ``duty`` asks for idle worker 1, as the loop does."""

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        only: tuple[str, ...],
        limit: int,
        settings_text: str,
        credentials: Credentials,
    ) -> None:
        settings = load(folder, f"{PACING}[run]\nlimit = {limit}\n{settings_text}")
        pacing = settings.pacing
        limits = GateLimits(
            pacing.tasks_per_minute,
            pacing.portal_down_after,
            pacing.portal_probe_every_s,
            pacing.portal_down_give_up_s,
        )
        self.work_dir = WorkDir(folder)
        self.ledger = ledger
        self.book = TaskBook(ledger, self.work_dir, RetryLimits())
        self.gate = PortalGate(limits, lambda low, _high: low)
        self.journal = Journal()
        known = ledger.inventory_complete
        if known:
            self.book.schedule(only, limit)
        staging = self.work_dir.staging
        self.dispatcher = Dispatcher(
            settings,
            credentials,
            self.book,
            self.gate,
            staging,
            self.journal,
            only,
            known,
            CodeUse(ledger),
            PORTAL_PAGE,
        )
        self.now = 1000.0

    # --- giving out ---

    def duty(self, slot: int = 1) -> Duty | None:
        given = self.dispatcher.next_duty(slot, 4120 + slot, self.now)
        if given is None:
            return None
        duty, assignment = given
        assert not isinstance(duty, SignIn) or duty.credentials.password == CREDENTIALS.password
        assert assignment.given_at == self.now
        assert assignment.deadline_at > self.now
        self.assignment = assignment
        return duty

    def sign_in_duty(self) -> SignIn:
        duty = self.duty()
        assert isinstance(duty, SignIn), duty
        return duty

    def list_duty(self) -> ListRecords:
        duty = self.duty()
        assert isinstance(duty, ListRecords), duty
        return duty

    def fetch_duty(self, slot: int = 1) -> FetchDocument:
        duty = self.duty(slot)
        assert isinstance(duty, FetchDocument), duty
        return duty

    def look_duty(self, slot: int = 1) -> OpenPortal:
        duty = self.duty(slot)
        assert isinstance(duty, OpenPortal), duty
        assert duty.url == PORTAL_PAGE
        assert duty.timeout_s < self.assignment.deadline_at - self.now
        return duty

    # --- what a worker says ---

    def opens(self, duty: OpenPortal, status: int = 200) -> None:
        self.dispatcher.reported(PortalOpened(duty.epoch, status, duty.url, ""), self.now)

    def sign_in(self, *, signed_in_now: bool = True) -> None:
        duty = self.sign_in_duty()
        self.dispatcher.reported(SessionProven(duty.epoch, signed_in_now=signed_in_now), self.now)

    def lists(self, *refs: str, count: int | None = None) -> None:
        duty = self.list_duty()
        path = staged_inventory(self.work_dir.staging, duty.epoch)
        path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records(*refs)))
        self.dispatcher.reported(RecordsListed(duty.epoch, len(refs) if count is None else count), self.now)

    def delivers(self, duty: FetchDocument, content: bytes = b"", warning: str = "") -> None:
        self.dispatcher.reported(fetched(self.work_dir.root, duty.epoch, content, warning), self.now)

    def fails(
        self,
        duty: Duty,
        failure: FailureClass,
        reason: str = "went wrong",
        retry_after_s: float | None = None,
    ) -> None:
        assert isinstance(duty, OpenPortal | SignIn | ListRecords | FetchDocument)
        report = failed(duty.epoch, failure, reason)
        report.retry_after_s = retry_after_s
        self.reported(report)

    def reported(self, report: DutyFailed) -> None:
        self.dispatcher.reported(report, self.now)

    # --- what came of it ---

    @property
    def exit_code(self) -> ExitCode | None:
        return None if self.dispatcher.halt is None else self.dispatcher.halt.code

    @property
    def halt_message(self) -> str:
        return "" if self.dispatcher.halt is None else self.dispatcher.halt.message

    def said(self, text: str) -> int:
        """How many events people saw with this text in them."""
        return sum(text in row.text for row in self.journal.events)


@contextmanager
def open_desk(
    folder: Path,
    refs: tuple[str, ...] | None = None,
    only: tuple[str, ...] = (),
    limit: int = 0,
    settings: str = "",
    credentials: Credentials = CREDENTIALS,
) -> Iterator[Desk]:
    """A desk before the sign-in. ``refs``: the inventory that an earlier run listed; None: none did.

    Whatever the test did, the books must agree when it is over.
    """
    ledger = Ledger.open(prepared(folder).ledger)
    try:
        if refs is not None:
            ledger.accept(records(*refs))
        desk = Desk(folder, ledger, only, limit, settings, credentials)
        yield desk
        assert_accounting(desk.book.counts)
        assert desk.book.counts == ledger.counts()
    finally:
        ledger.close()


def break_documents(work_dir: WorkDir) -> None:
    """Make the documents folder unusable, as a disk that does not take a file."""
    work_dir.documents.rmdir()
    work_dir.documents.write_bytes(b"")
