"""How many workers there should be, which slots get a new one now, and when one is worn out. Pure."""

from collections.abc import Collection

from supervisor.restart_limit import RestartLimit
from supervisor.settings_sections import RunSettings, WatchdogSettings

BOOT_DEATHS_TO_HALT = 3
"""Workers in a row that died before they took their tab: the fault is not chance, so another try is no
help.
"""


class Staffing:
    """``by_hand``: a person signs in. ``boots_at_once``: a boot is about a second of CPU, so more of them
    than there are processors make none of them sooner, and all of them late. ``boot_deaths``: workers in a
    row that died before they took their tab. Slots count from 1.
    """

    def __init__(
        self, run: RunSettings, watchdog: WatchdogSettings, *, by_hand: bool, boots_at_once: int
    ) -> None:
        self._run = run
        self._watchdog = watchdog
        self._by_hand = by_hand
        self._boots_at_once = boots_at_once
        self._slots: dict[int, RestartLimit] = {}
        self._has_tab = False
        self.boot_deaths = 0

    # --- what happened ---

    def attached(self) -> None:
        """A worker took its tab."""
        self.boot_deaths = 0
        self._has_tab = True

    def chrome_died(self) -> None:
        """No worker has a tab any more, and the session must be proven before any of them has work."""
        self._has_tab = False

    def died_at_boot(self) -> None:
        self.boot_deaths += 1

    def restarted(self, slot: int, now: float) -> None:
        """The worker of this slot went in a way that counts against the slot."""
        self._slot(slot).note(now)

    # --- what follows ---

    @property
    def cannot_boot(self) -> bool:
        return self.boot_deaths >= BOOT_DEATHS_TO_HALT

    def to_start(
        self, taken: Collection[int], booting: int, work_left: int | None, sessions: int, now: float
    ) -> list[int]:
        """The slots that get a worker now. ``taken``: those that have one, of which so many are ``booting``.
        ``work_left``: tasks, None while that is not known. ``sessions``: how often one was proven good.
        """
        room = min(self._wanted(work_left, sessions) - len(taken), self._boots_at_once - booting)
        free = (slot for slot in range(1, self._run.workers + 1) if slot not in taken)
        return [slot for slot in free if self._slot(slot).allowed_at(now) <= now][: max(0, room)]

    def _wanted(self, work_left: int | None, sessions: int) -> int:
        """One at first, which is to prove the session or sign in; the others boot while it does, and are
        given nothing before the session is good. Before the first sign-in by hand it stays alone: the window
        shows one tab, and nothing costs memory for hours. Then as many as there is work for.
        """
        if not self._has_tab or (self._by_hand and sessions == 0):
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
