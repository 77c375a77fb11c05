"""A bench for one adapter: a Chrome, a tab as a worker has it, and the four verbs, called as a worker does.

It runs in the process that made it, so there is no watchdog here: a step's time bounds Playwright's actions.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import psutil
from playwright.sync_api import sync_playwright

from chrome_launcher.browser_state import set_download_folder
from chrome_launcher.find import find_chrome
from chrome_launcher.launch import launch_chrome
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import open_tab
from tabworker.adapters.base import Adapter
from tabworker.adapters.form_settings import FormSettings
from tabworker.adapters.loading import make_adapter
from tabworker.attach import attach
from tabworker.captured import Captured
from tabworker.driver import Driver
from tabworker.duties import DutyDesk, TabDuty
from tabworker.failures import FailureClass
from tabworker.messages import (
    Credentials,
    DutyFailed,
    FetchDocument,
    ListRecords,
    Record,
    RecordsListed,
    Report,
    SessionProven,
    SignIn,
    staged_document,
    staged_inventory,
)
from tabworker.popup_downloads import PopupDownloadNotes
from tabworker.setup import Debugging, WorkerSetup
from tabworker.tab import Tab

_LONGEST_S = 180.0


class VerbFailed(Exception):
    """A verb of the adapter failed. ``str()`` says which, in which step, on which page, where in the code.

    ``failure_class`` is what a run would act on; ``__cause__`` is what the adapter raised.
    """

    def __init__(self, verb: str, report: DutyFailed, page: str, code: str, evidence: list[Path]) -> None:
        lines = [f"{verb} failed ({report.failure_class}) in step {report.step!r}: {report.reason}"]
        lines += [f"  page      {page}"]
        lines += [f"  code      {code}"] if code else []
        lines += [f"  evidence  {path}" for path in evidence]
        super().__init__("\n".join(lines))
        self.verb = verb
        self.failure_class: FailureClass = report.failure_class
        self.reason = report.reason
        self.step = report.step
        self.page = page
        self.evidence = evidence


@dataclass(frozen=True)
class Document:
    """A verified document."""

    path: Path
    pages: int
    size_bytes: int
    sha256: str
    warning: str


class AdapterBench:
    """``with AdapterBench(MyPortal, url, tmp_path) as bench``; the methods are the verbs, verified.

    ``maker``: the adapter's class. ``settings``: keys of [portal] besides ``url``, such as
    ``reference_in_document=False``. What it writes (documents, failures/, Chrome's profile) lies in
    ``folder``, in a temporary one that goes with the bench when None.
    """

    def __init__(
        self,
        maker: Callable[..., Adapter],
        url: str,
        folder: Path | None = None,
        *,
        headless: bool = True,
        slow_mo_ms: float = 0.0,
        **settings: Any,
    ) -> None:
        self._maker = maker
        self.settings = FormSettings(url=url, **settings)
        self._given_folder = folder
        self._headless = headless
        self._slow_mo_ms = slow_mo_ms
        self._stack = ExitStack()
        self._epoch = 0

    def __enter__(self) -> Self:
        """Starts Chrome. Raises ChromeError."""
        with ExitStack() as stack:
            folder = self._given_folder
            self.folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tabcrew-")))
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # --- the verbs ---

    def sign_in(self, credentials: Credentials) -> bool:
        """Prove the session, sign in if the proof fails, and prove it. True when it signed in."""
        report = self._do("sign_in", SignIn(self._next_epoch(), credentials, _LONGEST_S))
        if not isinstance(report, SessionProven):
            raise TypeError(f"unexpected answer {report}")
        return report.signed_in_now

    def is_signed_in(self) -> bool:
        """Ask the adapter for its proof, and nothing else. What it raises comes as it is."""
        self.tab.reset()
        self.tab.step("prove the session")
        return self._adapter.is_signed_in(self.tab)

    def list_records(self) -> list[Record]:
        """Every record once, in the adapter's order."""
        epoch = self._next_epoch()
        report = self._do("list_records", ListRecords(epoch, _LONGEST_S))
        path = staged_inventory(self.folder, epoch)
        records = [msgspec.json.decode(line, type=Record) for line in path.read_bytes().splitlines()]
        path.unlink()
        if not isinstance(report, RecordsListed) or len(records) != report.count:
            raise TypeError(f"unexpected answer {report}")
        return records

    def fetch_document(self, record: Record) -> Document:
        """The record's document, verified as in a run."""
        epoch = self._next_epoch()
        duty = FetchDocument(epoch, record, 1, _LONGEST_S, f"record-{epoch}")
        report = self._do("fetch_document", duty)
        return Document(
            staged_document(self.folder, epoch),
            report.pages,
            report.size_bytes,
            report.sha256,
            report.warning,
        )

    # --- inside ---

    def _open(self, stack: ExitStack) -> None:
        for name in ("documents", "downloads", "failures"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        downloads = self.folder / "downloads"
        chrome = launch_chrome(
            find_chrome(), self.folder / "profile", headless=self._headless, renderer_limit=8
        )
        stack.callback(chrome.kill)
        root = RootConnection.connect(chrome.ws_url)
        stack.callback(root.close)
        root.on_event(PopupDownloadNotes(downloads).on_event)
        root.call("Target.setDiscoverTargets", {"discover": True, "filter": [{"type": "page"}]})
        set_download_folder(root, downloads, events=True)
        others = [child.pid for child in psutil.Process().children()]
        playwright = stack.enter_context(sync_playwright())
        driver = Driver(others)
        attached = attach(playwright, chrome.ws_url, open_tab(root), downloads, slow_mo_ms=self._slow_mo_ms)
        stack.callback(attached.detach)
        self.tab = Tab(attached.page, downloads_dir=downloads, on_step=lambda _name, _within_s: None)
        self._adapter = _Watched(make_adapter(self._maker, self.settings))
        self._desk = DutyDesk(self._setup(), self.tab, self._adapter, driver, self._heard)

    def _setup(self) -> WorkerSetup:
        folder = self.folder
        return WorkerSetup(
            slot=1,
            name="bench",
            supervisor_pid=os.getpid(),
            adapter=str(self._maker),
            portal=self.settings,
            staging=folder,
            downloads=folder / "downloads",
            failures=folder / "failures",
            logs=folder,
            temp=folder,
            heartbeat_s=1.0,
            blocked_addresses=(),
            shows_pdfs=False,
            by_hand=False,
            log_level="INFO",
            debugging=Debugging(slow_mo_ms=self._slow_mo_ms, keep_page=True),
        )

    def _heard(self, report: Report) -> None:
        """What a worker would report before a duty has ended: a bench has nobody who waits for it."""

    def _next_epoch(self) -> int:
        self._epoch += 1
        return self._epoch

    def _do(self, verb: str, duty: TabDuty) -> Any:
        self._adapter.begin(verb)
        report = self._desk.do(duty)
        if not isinstance(report, DutyFailed):
            return report
        evidence = [self.folder / "failures" / name for name in report.evidence]
        watched = self._adapter
        raise VerbFailed(watched.verb, report, self.tab.page.url, watched.where, evidence) from watched.error


class _Watched:
    """An adapter whose errors are kept with their tracebacks: the report of a duty has only the reason."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.begin("")

    def begin(self, verb: str) -> None:
        self.verb = verb
        self.error: Exception | None = None

    @property
    def where(self) -> str:
        """The line of the adapter's own file in which it happened; empty when it happened elsewhere."""
        if self.error is None:
            return ""
        file = getattr(sys.modules.get(type(self._adapter).__module__), "__file__", None)
        frames = [frame for frame in traceback.extract_tb(self.error.__traceback__) if frame.filename == file]
        return f"{frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""

    # --- the verbs ---

    def sign_in(self, tab: Tab, credentials: Credentials) -> None:
        with self._watch("sign_in"):
            self._adapter.sign_in(tab, credentials)

    def is_signed_in(self, tab: Tab) -> bool:
        with self._watch("is_signed_in"):
            return self._adapter.is_signed_in(tab)

    def list_records(self, tab: Tab) -> Iterator[Record]:
        with self._watch("list_records"):
            yield from self._adapter.list_records(tab)

    def fetch_document(self, tab: Tab, record: Record) -> Captured:
        with self._watch("fetch_document"):
            return self._adapter.fetch_document(tab, record)

    @contextmanager
    def _watch(self, verb: str) -> Iterator[None]:
        self.verb = verb
        try:
            yield
        except Exception as error:
            self.error = error
            raise
