"""Tabcrew without a browser: `python -m tests.support.browserless run` is `python run.py run` but for Chrome.

Command line, settings, loop, crew, watchdog, ledger, guardian and signals are the real ones; so are the
workers' processes, duties, reports and checks of documents. Only Chrome, Playwright and the page are
replaced, by plain requests with one shared cookie. For faults to which a browser adds nothing but seconds.
"""

import csv
import io
import json
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch
from urllib.parse import urlsplit

from supervisor.restart_limit import RestartLimit
from tabworker.captured import Captured
from tabworker.clocks import Clocks
from tabworker.failures import AnotherSession, SessionLost
from tabworker.http_status import failure_of_status
from tabworker.messages import Attach, Attached, Credentials, Record, Report, decode_duty
from tabworker.probe import Point, reached
from tabworker.setup import WorkerSetup
from tests.support import misdeeds
from tests.support.portal_client import Answer, PortalClient


def main() -> None:
    from supervisor import assembly, chrome_keeper, crew
    from supervisor.cli import main as command_line
    from tabworker.main import run_worker

    class NoChrome:
        """Is up as soon as it was started, and never dies."""

        def __init__(self, settings: Any, *_: object) -> None:
            self.restarts = RestartLimit(settings.max_restarts, settings.restart_window_s)
            self.state = chrome_keeper.ChromeState.DOWN
            self.why, self.pid, self.ws_url = "", None, "ws://nowhere"
            self.is_ours = True
            self.handle = SimpleNamespace(close_tab=lambda *_, **__: True)

        def start(self) -> None:
            self.state = chrome_keeper.ChromeState.STARTING

        def look(self, _now: float) -> bool:
            started = self.state is chrome_keeper.ChromeState.STARTING
            self.state = chrome_keeper.ChromeState.UP
            return started

        def open_tab(self) -> "Future[str]":
            tab: Future[str] = Future()
            tab.set_result("tab")
            return tab

        def remember_session(self) -> None:
            """The cookie lies in a file."""

        def clear_away(self) -> None:
            """Nothing to clear away."""

        stop = give_back_session = clear_away

    body = partial(run_worker, work=work)
    with (
        patch.object(assembly, "ChromeKeeper", NoChrome),
        patch.object(assembly, "Crew", partial(crew.Crew, body=body)),
    ):
        command_line()


def work(
    setup: WorkerSetup, inbox: Any, report: Callable[[Report], None], clocks: Clocks, secrets: set[str]
) -> None:
    """What ``tabworker.main`` does with a tab, done with plain requests."""
    from tabworker.driver import Driver
    from tabworker.duties import DutyDesk

    assert isinstance(decode_duty(inbox.get()), Attach)
    misdeeds.commit(misdeeds.BOOT, report)
    report(Attached(took_s=0.0))
    tab = _NoTab(clocks, secrets)
    desk = DutyDesk(setup, cast(Any, tab), cast(Any, _HttpAdapter(setup, report)), Driver(), report)
    while True:
        duty = decode_duty(inbox.get())
        reached(Point.DUTY_TAKEN)
        outcome = desk.do(duty)
        clocks.end_steps()
        report(outcome)


class _NoTab:
    """As much of ``tabworker.tab.Tab`` as the duties and the evidence of a failure ask for."""

    def __init__(self, clocks: Clocks, secrets: set[str]) -> None:
        self.secrets = secrets
        self.current_step = ""
        self.dialogs: list[str] = []
        self.destination = Path()
        self.page = SimpleNamespace(
            url="(no page)", bring_to_front=_no_page, locator=_no_page, goto=_open, title=str
        )
        self.popups = SimpleNamespace(close_all=self.reset)
        self.page_log = SimpleNamespace(lines=lambda *_, **__: [])
        self.crashed = False
        self._clocks = clocks

    def step(self, name: str, within_s: float = 1.0) -> None:
        self.current_step = name
        self._clocks.begin_step(name, time.monotonic(), within_s)

    def has_crashed(self) -> bool:
        return False

    def reset(self) -> None:
        """Nothing to clean up between two duties."""

    def session_secrets(self) -> set[str]:
        return set()

    def is_responsive(self, within_s: float) -> bool:
        return within_s > 0


def _open(url: str, **_: object) -> Answer:
    return PortalClient(url, timeout_s=30).get(urlsplit(url).path)


def _no_page(*_: object, **__: object) -> Any:
    from playwright.sync_api import Error

    raise Error("there is no page")


class _HttpAdapter:
    """The demo portal by plain requests; all workers share the cookie that lies in the profile's folder."""

    def __init__(self, setup: WorkerSetup, report: Callable[[Report], None]) -> None:
        self._client = PortalClient(setup.portal.url, timeout_s=30)
        self._jar = setup.staging.parent / "profile" / "cookies.json"
        self._report = report

    def sign_in(self, _tab: object, credentials: Credentials) -> None:
        self._client.cookies.clear()
        self._raise_if_down(self._client.get("/login"))
        if self._client.sign_in(credentials.password).location != "/licence":
            raise AnotherSession("the portal did not lead to its licence")
        self._client.send_form("/licence", "/licence", accept="yes")
        with self._jar.open("w") as jar:
            json.dump(self._client.cookies, jar)
            jar.flush()
            os.fsync(jar.fileno())  # as Chrome does

    def is_signed_in(self, _tab: object) -> bool:
        answer = self._get("/inventory")
        self._raise_if_down(answer)
        return answer.status == 200

    def list_records(self, _tab: object) -> Iterable[Record]:
        self._get("/inventory")
        self._client.send_form("/inventory", "/inventory/filters", action="clear")
        rows = csv.DictReader(io.StringIO(self._get("/inventory/export.csv").body.decode("utf-8-sig")))
        return [Record(row["Reference"], dict(row)) for row in rows]

    def fetch_document(self, tab: _NoTab, record: Record) -> Captured:
        # First, as a page is loaded with the session of its time: whoever dawdles now asks with that one.
        self._read_jar()
        misdeeds.commit(record.ref, self._report)
        answer = self._client.get_report(record.ref)
        self._raise_if_refused(answer)
        tab.destination.write_bytes(answer.body)
        return Captured(tab.destination, record.ref, answer.status, "application/pdf", len(answer.body))

    def _get(self, path: str) -> Answer:
        self._read_jar()
        return self._client.get(path)

    def _read_jar(self) -> None:
        if self._jar.exists():
            self._client.cookies = json.loads(self._jar.read_text())

    def _raise_if_refused(self, answer: Answer) -> None:
        if urlsplit(answer.location).path == "/login":
            raise SessionLost("the portal led to its sign-in page")
        self._raise_if_down(answer)

    def _raise_if_down(self, answer: Answer) -> None:
        from datetime import UTC, datetime

        failure = failure_of_status(answer.status, "a report", None, datetime.now(UTC))
        if failure is not None:
            raise failure


if __name__ == "__main__":
    main()
