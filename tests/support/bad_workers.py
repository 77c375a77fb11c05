"""Worker bodies that misbehave, each in one way; spawned by a real Crew in place of
tabworker.main.run_worker.
"""

import ctypes
import os
import signal
import time
from typing import Any

from tabworker import lifeline
from tabworker.clocks import Clocks
from tabworker.messages import Attached, DocumentFetched, FetchDocument, decode_duty, encode_report
from tabworker.setup import WorkerSetup


def good(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """Takes duties and reports a document for each, until it is killed."""
    attached(setup, inbox, reports, clocks)
    while True:
        deliver(inbox.get(), reports)


def attached(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """What every worker does first: its own session, its heartbeat, its tab."""
    lifeline.separate_from_terminal()
    lifeline.die_with_supervisor(setup.supervisor_pid)
    lifeline.redirect_output(setup.logs / f"worker-{setup.slot}.out")
    lifeline.dump_stacks_on_request()
    lifeline.start_heartbeat(clocks.beat, setup.heartbeat_s)
    inbox.get()
    reports.send_bytes(encode_report(Attached(took_s=0.0)))


def deliver(raw_duty: bytes, reports: Any) -> None:
    duty = decode_duty(raw_duty)
    assert isinstance(duty, FetchDocument)
    reports.send_bytes(encode_report(DocumentFetched(duty.epoch, "0" * 64, 1, 1, fetch_s=0.0)))


def dies_at_boot(setup: WorkerSetup, _inbox: Any, _reports: Any, _clocks: Clocks) -> None:
    lifeline.redirect_output(setup.logs / f"worker-{setup.slot}.out")
    raise RuntimeError("no boot today")


def dies_right_after_its_report(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    deliver(inbox.get(), reports)
    os.kill(os.getpid(), signal.SIGKILL)


def reports_fifty_times_and_dies(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    raw_duty = inbox.get()
    for _ in range(50):
        deliver(raw_duty, reports)
    os.kill(os.getpid(), signal.SIGKILL)


def stops_in_mid_report(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """Writes the first bytes of a frame and stops: ``poll()`` is true, ``recv()`` would block for ever
    (P4).
    """
    attached(setup, inbox, reports, clocks)
    inbox.get()
    os.write(reports.fileno(), b"\x00\x00\x00\x40half")
    os.kill(os.getpid(), signal.SIGSTOP)


def wakes_up_and_reports(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """Stops in the middle of its report; when it is woken it says the rest, as if nothing had been."""
    attached(setup, inbox, reports, clocks)
    duty = decode_duty(inbox.get())
    assert isinstance(duty, FetchDocument)
    frame = encode_report(DocumentFetched(duty.epoch, "0" * 64, 1, 1, fetch_s=0.0))
    os.write(reports.fileno(), len(frame).to_bytes(4, "big") + frame[:5])
    os.kill(os.getpid(), signal.SIGSTOP)
    os.write(reports.fileno(), frame[5:])
    time.sleep(3600)


def ends_with_exit_code_0(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    inbox.get()
    os._exit(0)


def segfaults(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    inbox.get()
    ctypes.string_at(0)


def says_nonsense(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """Sends bytes that are no report, then a good one."""
    attached(setup, inbox, reports, clocks)
    raw_duty = inbox.get()
    reports.send_bytes(b"\x93not a report")
    deliver(raw_duty, reports)
    time.sleep(3600)


def reports_an_old_epoch(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    duty = decode_duty(inbox.get())
    assert isinstance(duty, FetchDocument)
    reports.send_bytes(encode_report(DocumentFetched(duty.epoch - 1, "0" * 64, 1, 1, fetch_s=0.0)))
    time.sleep(3600)


def sleeps_in_a_step(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """The heart beats, the work stands still."""
    attached(setup, inbox, reports, clocks)
    inbox.get()
    clocks.begin_step("open record", time.monotonic(), within_s=0.2)
    time.sleep(3600)


def reads_for_ever_in_a_step(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    inbox.get()
    clocks.begin_step("capture document", time.monotonic(), within_s=0.2)
    os.read(os.pipe()[0], 1)


def spins_in_a_step(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    inbox.get()
    clocks.begin_step("verify document", time.monotonic(), within_s=0.2)
    while True:
        pass


def holds_the_gil(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """A C call that does not let go of the interpreter: no thread of this process runs, the heartbeat
    neither.
    """
    attached(setup, inbox, reports, clocks)
    inbox.get()
    clocks.begin_step("verify document", time.monotonic(), within_s=3600)
    ctypes.PyDLL(None).sleep(3600)


def is_stopped(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    attached(setup, inbox, reports, clocks)
    inbox.get()
    os.kill(os.getpid(), signal.SIGSTOP)


def starts_a_child_and_dies(setup: WorkerSetup, inbox: Any, reports: Any, clocks: Clocks) -> None:
    """Leaves an orphan behind, as a worker whose driver lives on would."""
    attached(setup, inbox, reports, clocks)
    inbox.get()
    if os.fork() == 0:
        reports.close()
        time.sleep(3600)
    os.kill(os.getpid(), signal.SIGKILL)
