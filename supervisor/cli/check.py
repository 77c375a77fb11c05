"""`python run.py check`: is everything in place? A real run of one record, told condition by condition."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from chrome_launcher.errors import ChromeCannotStart, ChromeNotAttached, ChromeNotFound
from chrome_launcher.find import find_chrome
from chrome_launcher.launch import require_display
from chrome_launcher.running import find_running
from supervisor.check import RECORDS_TRIED, CheckSheet, Condition
from supervisor.cli.check_sheet import SheetView
from supervisor.cli.errors import Refused, crash_reports_in
from supervisor.cli.options import (
    DEFAULT_SETTINGS_FILE,
    SettingsOption,
    WorkDirOption,
    dotenv_beside,
    next_commands,
    settings_from,
)
from supervisor.cli.run import is_person, portal_of
from supervisor.credentials import CredentialsMissing, find_credentials, withdraw_secrets
from supervisor.exit_codes import ExitCode
from supervisor.settings import Settings, SettingsError
from supervisor.snapshot import Snapshot
from supervisor.work_dir import WorkDir
from tabworker.messages import Credentials

_OWN_FOLDER = "check"
_LEFT_BY_A_CHECK = ("ledger*", "status.json", "documents", "failures", "logs", "staging")


def check(
    settings: SettingsOption = DEFAULT_SETTINGS_FILE,
    only: Annotated[
        str | None, typer.Option("--only", metavar="REF", help="The record to try; default: the first.")
    ] = None,
    headless: Annotated[
        bool | None, typer.Option("--headless/--visible", help="Without a window, or with one to watch.")
    ] = None,
    pause: Annotated[
        bool,
        typer.Option("--pause", help="Leave Chrome open on the page that fails, until Enter or Ctrl-C."),
    ] = False,
    work_dir: WorkDirOption = None,
) -> None:
    """Is everything in place? Chrome, settings, portal, sign-in, records, one document.

    It signs in as a run would and uses the same Chrome profile: a session that is still good is used, and the
    next run uses the session that the check began. Its document, screenshots and logs go to check/ in the
    work directory; ledger and documents of the job are not touched.
    """
    try:
        loaded = settings_from(settings, work_dir=work_dir, headless=headless)
    except SettingsError as error:
        view = SheetView(sys.stdout, Path())
        sheet = CheckSheet(view.say, form=True, has_sign_in=True)
        sheet.fail(Condition.SETTINGS, str(error), ExitCode.USAGE)
        sheet.close()
        raise typer.Exit(ExitCode.USAGE) from error
    own = WorkDir(loaded.run.work_dir.absolute() / _OWN_FOLDER)
    view = SheetView(sys.stdout, own.root)
    portal = loaded.portal
    sheet = CheckSheet(
        view.say,
        form=portal.adapter == "form",
        has_sign_in=portal.needs_account or portal.by_hand,
        by_hand=portal.by_hand,
        attached=bool(loaded.chrome.attach),
    )
    sheet.good(Condition.SETTINGS, str(settings))
    with crash_reports_in(own.root):
        code = _Check(loaded, own, sheet, view, only, pause).run(dotenv_beside(settings))
    sheet.close()
    if code == ExitCode.ALL_DONE:
        view.line(f"Everything works. Fetch the documents with: {next_commands(settings, work_dir).resume}")
    raise typer.Exit(code)


@dataclass(frozen=True)
class _Check:
    settings: Settings
    own: WorkDir
    sheet: CheckSheet
    view: SheetView
    only: str | None
    pause: bool

    def run(self, dotenv: Path) -> ExitCode:
        environ = withdraw_secrets(os.environ)  # before the first child is started
        try:
            credentials = find_credentials(self.settings, environ, dotenv, prompt=is_person())
        except CredentialsMissing as error:
            self.sheet.fail(Condition.ACCOUNT, str(error), ExitCode.USAGE)
            return ExitCode.USAGE
        if self.settings.portal.needs_account:
            self.sheet.good(Condition.ACCOUNT, credentials.username)
        else:
            self.sheet.not_needed(
                Condition.ACCOUNT, f"not needed with [portal] sign_in = {self.settings.portal.sign_in}"
            )
        with self._work_dir_to_ourselves() as work_dir:
            if work_dir is not None and self._display_and_chrome():
                return self._one_record(credentials, work_dir.profile)
        return self.sheet.failed.exit_code if self.sheet.failed else ExitCode.BUG

    @contextmanager
    def _work_dir_to_ourselves(self) -> Iterator[WorkDir | None]:
        from supervisor.taking import JobRefused, job_at_rest  # late, as in run: it takes a second

        try:
            with job_at_rest(self.settings) as work_dir:
                free_mb, least_mb = work_dir.free_mb(), self.settings.run.min_free_disk_mb
                if free_mb < least_mb:
                    self.sheet.fail(
                        Condition.DISK,
                        f"only {free_mb:.0f} MB are free below {work_dir.root} (limit {least_mb})",
                        ExitCode.DISK,
                        "Make room, or lower [run] min_free_disk_mb.",
                    )
                    yield None
                    return
                self.sheet.good(Condition.DISK, f"{work_dir.root}, {free_mb / 1024:.1f} GB free")
                _clear(self.own)
                yield work_dir
        except JobRefused as refused:
            self.sheet.fail(Condition.DISK, str(refused), ExitCode(refused.exit_code))
            yield None

    def _display_and_chrome(self) -> bool:
        """What can be known of them before Chrome is started."""
        chrome, sheet = self.settings.chrome, self.sheet
        try:
            if chrome.attach:
                sheet.not_needed(Condition.DISPLAY, "Chrome runs already")
                running = find_running(chrome.attach)
                sheet.chrome = f"{running.product} at {running.http_url}, not ours: it stays as it is"
                return True
            if self.settings.headless:
                sheet.not_needed(Condition.DISPLAY, "Chrome runs without a window; --visible shows it")
            else:
                require_display()
                sheet.good(Condition.DISPLAY, os.environ.get("DISPLAY", "") or "there")
            binary = find_chrome(chrome.path or None)
            sheet.chrome = f"{binary.product} {binary.version}, {binary.path}"
        except ChromeCannotStart as error:
            sheet.fail(Condition.DISPLAY, str(error), ExitCode.CHROME_CANNOT_START)
        except ChromeNotAttached as error:
            sheet.fail(Condition.CHROME, str(error), ExitCode.CHROME_CANNOT_START)
        except ChromeNotFound as error:
            if not chrome.install or chrome.path:
                sheet.fail(Condition.CHROME, str(error), ExitCode.CHROME_CANNOT_START)
        return sheet.failed is None

    def _one_record(self, credentials: Credentials, profile: Path) -> ExitCode:
        from supervisor.assembly import JobOptions
        from supervisor.check_dispatch import CheckDispatcher
        from supervisor.job import Job
        from supervisor.taking import JobRefused

        settings = _settings_of_a_check(self.settings, self.own.root)
        with portal_of(settings) as url:
            options = JobOptions(
                limit=0 if self.only else RECORDS_TRIED,
                only=(self.only,) if self.only else (),
                pause_on_failure=self.pause,
                profile=profile,
                make_dispatcher=partial(
                    CheckDispatcher, sheet=self.sheet, url=url, open_within_s=settings.portal.step_timeout_s
                ),
            )
            try:
                with Job.open(settings, options) as job:
                    code = job.run(url, credentials, _CheckDisplay(self.sheet, self.view))
            except JobRefused as refused:
                raise Refused(str(refused), ExitCode(refused.exit_code)) from refused
        return self.sheet.failed.exit_code if self.sheet.failed else code


class _CheckDisplay:
    """The display of the run that a check is: it shows findings and what is under way, nothing else."""

    def __init__(self, sheet: CheckSheet, view: SheetView) -> None:
        self._sheet = sheet
        self._view = view
        self._said_pause = False

    def update(self, snapshot: Snapshot) -> None:
        self._view.under_way(snapshot)
        paused = next((event for event in snapshot.events if event.text.startswith("paused")), None)
        if paused is not None and not self._said_pause:
            self._said_pause = True
            self._view.ask(paused.text)

    def close(self, snapshot: Snapshot) -> None:
        self._view.close()
        if self._sheet.is_complete or snapshot.exit_code == ExitCode.INTERRUPTED:
            return
        self._sheet.none_has_document()
        condition = self._sheet.next_open
        if condition is not None and self._sheet.failed is None:
            code = ExitCode(snapshot.exit_code or ExitCode.BUG)
            self._sheet.fail(condition, snapshot.summary or code.meaning, code)


def _settings_of_a_check(settings: Settings, folder: Path) -> Settings:
    """One worker, no second try, a folder of its own; all else as in a run."""
    return replace(
        settings,
        run=settings.run.model_copy(update={"work_dir": folder, "workers": 1, "limit": 0}),
        retry=settings.retry.model_copy(update={"max_retries": 0}),
    )


def _clear(own: WorkDir) -> None:
    """Remove what the last check left; whatever else lies there is not ours."""
    for pattern in _LEFT_BY_A_CHECK:
        for path in own.root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
