"""How many workers there should be, which slot may have a new one, and when one is worn out. Pure."""

from supervisor.restart_limit import RestartLimit
from supervisor.settings_sections import RunSettings, WatchdogSettings

BOOT_DEATHS_TO_HALT = 3
"""Workers in a row that died before they took their tab: the fault is not chance, so another try is no
help.
"""


class Staffing:
    """``by_hand``: a person signs in. ``boot_deaths``: workers in a row that died before they took their tab.
    Slots count from 1.
    """

    def __init__(self, run: RunSettings, watchdog: WatchdogSettings, *, by_hand: bool) -> None:
        self._run = run
        self._watchdog = watchdog
        self._by_hand = by_hand
        self._slots: dict[int, RestartLimit] = {}
        self._attached_once = False
        self.boot_deaths = 0

    # --- what happened ---

    def attached(self) -> None:
        """A worker took its tab."""
        self.boot_deaths = 0
        self._attached_once = True

    def died_at_boot(self) -> None:
        self.boot_deaths += 1

    def restarted(self, slot: int, now: float) -> None:
        """The worker of this slot went in a way that counts against the slot."""
        self._slot(slot).note(now)

    # --- what follows ---

    @property
    def cannot_boot(self) -> bool:
        return self.boot_deaths >= BOOT_DEATHS_TO_HALT

    def may_start(self, slot: int, now: float) -> bool:
        return self._slot(slot).allowed_at(now) <= now

    def wanted(self, work_left: int | None, sessions: int) -> int:
        """``work_left``: tasks, None while that is not known. ``sessions``: how often one was proven good.

        One at first, which is to sign in; the others boot while it does, and are given nothing before the
        session is good. Before the first sign-in by hand it stays alone: the window shows one tab, and
        nothing costs memory for hours. Then as many as there is work for.
        """
        if not self._attached_once or (self._by_hand and sessions == 0):
            return 1
        return self._run.workers if work_left is None else min(self._run.workers, work_left)

    def outworn(self, documents: int, memory_mb: float) -> str:
        """Why a worker should be recycled between tasks; empty when it is still good (HAZARDS C18)."""
        run = self._run
        if run.recycle_after_documents and documents >= run.recycle_after_documents:
            return f"recycled after {documents} documents"
        if run.recycle_above_mb and memory_mb > run.recycle_above_mb:
            return f"recycled at {memory_mb:.0f} MB"
        return ""

    def restarts_of(self, slot: int) -> int:
        return self._slot(slot).total

    @property
    def restarts(self) -> int:
        return sum(limit.total for limit in self._slots.values())

    def _slot(self, slot: int) -> RestartLimit:
        watchdog = self._watchdog
        return self._slots.setdefault(slot, RestartLimit(watchdog.max_restarts, watchdog.restart_window_s))
