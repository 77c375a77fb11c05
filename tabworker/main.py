"""The main loop of a worker process: take a duty from the inbox, do it on the one tab, report.

A worker has one way to end: it is killed. It owns nothing that a kill could hurt: what it wrote is in
staging under its lease's epoch, and the supervisor alone decides what that is worth.
"""

import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from loguru import logger

from tabworker import lifeline
from tabworker.clocks import Clocks
from tabworker.failures import FailureClass
from tabworker.json_log import log_to_file
from tabworker.messages import (
    Attach,
    Attached,
    DocumentFetched,
    DutyFailed,
    Report,
    decode_duty,
    encode_report,
)
from tabworker.probe import Point, is_armed, reached
from tabworker.setup import WorkerSetup

Work = Callable[[WorkerSetup, Any, Callable[[Report], None], Clocks, set[str]], None]


def run_worker(
    setup: WorkerSetup,
    inbox: Any,
    reports: "Connection[bytes, bytes]",
    clocks: Clocks,
    work: Work | None = None,
) -> None:
    """Never returns in good order. ``inbox``: this worker's own multiprocess.Queue of encoded duties.

    ``work``: what it does between birth and death; tests give one that needs no browser.
    """
    lifeline.separate_from_terminal()
    lifeline.die_with_supervisor(setup.supervisor_pid)
    lifeline.redirect_output(setup.logs / f"worker-{setup.slot}.out")
    lifeline.dump_stacks_on_request()
    lifeline.start_heartbeat(clocks.beat, setup.heartbeat_s)
    secrets: set[str] = set()
    log_to_file(
        setup.logs / f"worker-{setup.slot}.jsonl", setup.log_level, secrets=secrets, worker=setup.name
    )
    # Whatever the driver drops in the temporary folder goes when the worker goes.
    os.environ["TMPDIR"] = str(setup.temp)

    def report(message: Report) -> None:
        frame = encode_report(message)
        if isinstance(message, DocumentFetched):
            reached(Point.BEFORE_REPORT)
            if is_armed(Point.MID_REPORT):
                _write_half(reports, frame)
        reports.send_bytes(frame)
        if isinstance(message, DocumentFetched):
            reached(Point.AFTER_REPORT)

    try:
        (work or _work)(setup, inbox, report, clocks, secrets)
    except (BrokenPipeError, EOFError):
        lifeline.end_now()
    except Exception:
        logger.bind(event="worker_failed").exception("worker {} ends over an error of its own", setup.name)
        raise


def _work(
    setup: WorkerSetup, inbox: Any, report: Callable[[Report], None], clocks: Clocks, secrets: set[str]
) -> None:
    began_at = time.monotonic()
    # Imported here, after the heartbeat began: the import and the driver's start take most of a second.
    from playwright.sync_api import sync_playwright

    from tabworker.adapters.loading import AdapterNotLoaded, load_adapter
    from tabworker.attach import attach
    from tabworker.driver import Driver
    from tabworker.duties import DutyDesk
    from tabworker.tab import Tab

    with sync_playwright() as playwright:
        driver = Driver()
        try:
            adapter = load_adapter(setup.adapter, setup.portal)
        except AdapterNotLoaded as error:
            report(DutyFailed(0, FailureClass.MISFIT, str(error), "load adapter"))
            inbox.get()  # the supervisor ends the run, and this process with it
            raise
        first = decode_duty(inbox.get())
        if not isinstance(first, Attach):
            raise RuntimeError(f"the first message must be Attach, not {type(first).__name__}")
        debugging = setup.debugging
        attached = attach(
            playwright,
            first.browser_ws_url,
            first.target_id,
            setup.downloads,
            setup.blocked_addresses,
            slow_mo_ms=debugging.slow_mo_ms,
        )

        def on_step(name: str, within_s: float) -> None:
            clocks.begin_step(name, time.monotonic(), within_s + debugging.slack_s)

        tab = Tab(attached.page, downloads_dir=setup.downloads, on_step=on_step, secrets=secrets)
        if setup.shows_pdfs:
            tab.save_pdfs()
        report(Attached(took_s=time.monotonic() - began_at))
        desk = DutyDesk(setup, tab, adapter, driver, report)
        while True:
            duty = decode_duty(inbox.get())
            reached(Point.DUTY_TAKEN)
            outcome = desk.do(duty)
            clocks.end_steps()
            report(outcome)


def _write_half(reports: "Connection[bytes, bytes]", frame: bytes) -> None:
    """What a kernel never does with a frame of this size, but a damaged process might."""
    os.write(reports.fileno(), len(frame).to_bytes(4, "big") + frame[: len(frame) // 2])
    reached(Point.MID_REPORT)
