"""What is done, in which order, to a worker that must go: one function that runs in a thread of its own and
never raises.

    stack dump → SIGKILL the whole tree (Python and its Playwright driver) → close its tab, verify it is gone

The order matters: a living worker could open another tab while we close this one. Reading the report pipe
to its end is the loop's part; only when both are done may the task be requeued and the slot filled again.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path

import psutil
from loguru import logger

from chrome_launcher.errors import ChromeError
from chrome_launcher.process_tree import ProcessIdentity, kill_session, kill_tree
from supervisor.browser import Browser

_DUMP_WITHIN_S = 0.3
_KILL_WITHIN_S = 5.0
_TAB_WITHIN_S = 5.0


@dataclass(frozen=True)
class Victim:
    """``tab``: the future target id; it may not be open yet. ``stacks``: where its stack dump goes, None to
    skip it.
    """

    slot: int
    name: str
    identity: ProcessIdentity | None
    tab: "Future[str] | None"
    temp: Path
    stacks: Path | None


@dataclass(frozen=True)
class LadderEnd:
    """``tab_gone``: verified; also True when there was no tab. ``left``: pids that survived SIGKILL (in the
    kernel).
    """

    name: str
    tab_gone: bool
    left: tuple[int, ...]
    took_s: float


def start(victim: Victim, browser: Browser | None, done: Callable[[LadderEnd], None]) -> None:
    """Carry the ladder out in a thread; ``done`` is called from there. ``browser`` None: Chrome is dead or
    dying anyway.
    """
    threading.Thread(
        target=lambda: done(carry_out(victim, browser)), name=f"ladder-{victim.name}", daemon=True
    ).start()


def carry_out(victim: Victim, browser: Browser | None) -> LadderEnd:
    """Blocks at most about ten seconds."""
    began_at = time.monotonic()
    if victim.stacks is not None and victim.identity is not None:
        _dump_stacks(victim.identity, victim.stacks)
    left = _kill(victim.identity)
    tab_gone = _close_tab(victim, browser)
    shutil.rmtree(victim.temp, ignore_errors=True)
    return LadderEnd(victim.name, tab_gone, tuple(left), time.monotonic() - began_at)


def _dump_stacks(identity: ProcessIdentity, output: Path) -> None:
    """Ask for the stacks and wait a moment for them; a frozen process writes none, and that is an answer
    too.
    """
    process = identity.process()
    if process is None or os.name != "posix":
        return
    before = output.stat().st_size if output.exists() else 0
    try:
        process.send_signal(signal.SIGUSR1)
    except psutil.Error:
        return
    give_up_at = time.monotonic() + _DUMP_WITHIN_S
    while time.monotonic() < give_up_at:
        if output.exists() and output.stat().st_size > before:
            time.sleep(0.02)  # the dump is several writes; the rest of them comes within this
            return
        time.sleep(0.01)


def _kill(identity: ProcessIdentity | None) -> list[int]:
    if identity is None:
        return []
    left = [process.pid for process in kill_tree(identity, within_s=_KILL_WITHIN_S)]
    # The driver of a worker that died by itself hangs in no tree any more, but in its session.
    kill_session(identity.pid, within_s=_KILL_WITHIN_S)
    return left


def _close_tab(victim: Victim, browser: Browser | None) -> bool:
    if victim.tab is None or browser is None:
        return True
    try:
        target_id = victim.tab.result(timeout=_TAB_WITHIN_S)
    except (ChromeError, FutureTimeout):
        return True  # it never came to a tab
    try:
        return browser.close_tab(target_id, within_s=_TAB_WITHIN_S)
    except ChromeError as error:
        logger.bind(event="tab_not_closed", worker=victim.name).warning(
            "tab of worker {}: {}", victim.name, error
        )
        return browser.root.lost  # a tab of a Chrome that is gone is gone
