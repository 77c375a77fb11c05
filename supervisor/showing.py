"""Shows how the run stands, in the terminal and in status.json. What cannot be written stops nobody."""

from supervisor.awake_clock import AwakeClock
from supervisor.chrome_keeper import ChromeState
from supervisor.crew import Worker
from supervisor.parts import Parts
from supervisor.publisher import MemoryMeter, worker_row
from supervisor.session import SessionState
from supervisor.snapshot import Snapshot, WorkerRow
from supervisor.staffing import Staffing


class Showing:
    """Looks at the parts and changes none. ``memory``: what each worker holds, as last measured."""

    def __init__(self, parts: Parts, clock: AwakeClock, staffing: Staffing) -> None:
        self._parts = parts
        self._clock = clock
        self._staffing = staffing
        self.memory = MemoryMeter()
        self._told: set[str] = set()

    def show(self, now: float, ending: str, *, force: bool = False) -> Snapshot:
        """``ending``: the phase of a run that ends, else empty. ``force``: write it now."""
        parts, dispatcher = self._parts, self._parts.dispatcher
        self._tell_unwritten("status.json", parts.publisher.fault)
        self._tell_unwritten(parts.log.baseFilename, parts.log.fault)
        self.memory.measure(parts.crew.workers, now)
        snapshot = parts.publisher.snapshot(
            now=now,
            phase=ending or self._phase(),
            counts=parts.book.counts,
            work_left=parts.book.work_left,
            done_this_run=parts.book.delivered_this_run,
            workers=tuple(self._row(worker, now) for worker in parts.crew.workers),
            events=parts.journal.events[-20:],
            holding=parts.pause.text or dispatcher.holding,
            attention=dispatcher.attention,
            chrome_pid=parts.chrome.pid,
            chrome_restarts=parts.chrome.restarts.total,
            worker_restarts=self._staffing.restarts,
            sign_ins=dispatcher.session.sign_ins,
        )
        parts.publisher.write(snapshot, now, force=force)
        parts.display.update(snapshot)
        return snapshot

    def _tell_unwritten(self, what: str, fault: str) -> None:
        """Said once. Status and log are for who watches: no document waits for them, and what stops a run
        over its disk is the disk's refusal of a document or of the ledger.
        """
        if fault and what not in self._told:
            self._told.add(what)
            self._parts.journal.warning(
                "not_written", f"{what} cannot be written ({fault}): the run goes on without it"
            )

    def _row(self, worker: Worker, now: float) -> WorkerRow:
        step_since = self._clock.awake(worker.clocks.read().step_since)
        restarts = self._staffing.restarts_of(worker.slot)
        return worker_row(worker, self.memory.of(worker), restarts, now, step_since)

    def _phase(self) -> str:
        dispatcher = self._parts.dispatcher
        if self._parts.chrome.state is not ChromeState.UP:
            return "starting"
        if dispatcher.session.state is not SessionState.GOOD:
            return "signing in"
        return "fetching" if dispatcher.inventory_known else "listing"
