"""The duty to list the inventory, and what its reports mean: the whole list is accepted, or nothing is."""

from pathlib import Path

import msgspec

from supervisor.assignment import Assignment
from supervisor.exit_codes import ExitCode
from supervisor.halt import Stop
from supervisor.journal import Journal
from supervisor.settings import Settings
from supervisor.task_book import TaskBook
from supervisor.tries import Tries
from tabworker.failures import FailureClass
from tabworker.messages import DutyFailed, ListRecords, Record, RecordsListed, staged_inventory


def not_in_inventory(refs: list[str]) -> str:
    """What is wrong with an ``--only`` that names these."""
    return f"--only names records that the inventory does not have: {', '.join(refs[:10])}"


class Listing:
    """One at a time. ``known``: the inventory has been accepted, by this run or an earlier one."""

    def __init__(
        self,
        settings: Settings,
        book: TaskBook,
        staging: Path,
        only: tuple[str, ...],
        tries: Tries,
        journal: Journal,
        stop: Stop,
        *,
        known: bool,
    ) -> None:
        self._settings = settings
        self._book = book
        self._staging = staging
        self._only = only
        self._tries = tries
        self._journal = journal
        self._stop = stop
        self.known = known
        self._epoch: int | None = None

    def give(self, now: float) -> tuple[ListRecords, Assignment] | None:
        if self._epoch is not None or not self._tries.due(now):
            return None
        epoch = self._epoch = self._book.next_epoch()
        timeout_s = self._settings.watchdog.inventory_timeout_s
        return ListRecords(epoch, timeout_s), Assignment(epoch, "inventory", now, now + timeout_s)

    def awaits(self, epoch: int) -> bool:
        return epoch == self._epoch

    # --- hearing: reports of the awaited epoch ---

    def listed(self, report: RecordsListed) -> None:
        self._epoch = None
        self._tries.succeeded()
        records = self._read_back(report)
        if records is None:
            return
        if not records:
            self._stop.over(
                ExitCode.USAGE,
                "the inventory is empty: nothing was accepted. Look at the portal's list with --visible; a "
                "filter may hide the records ([portal] clear_filters_selector, inventory_url).",
            )
            return
        self._book.accept(records)
        self.known = True
        self._journal.info(
            "inventory_listed", f"{len(records)} records in the inventory", records=len(records)
        )
        unknown = sorted(set(self._only) - {record.ref for record in records})
        if unknown:
            self._stop.over(ExitCode.USAGE, not_in_inventory(unknown))
            return
        self._book.schedule(self._only, self._settings.run.limit)

    def failed(self, report: DutyFailed, now: float) -> None:
        """Whatever the reason but a session that was lost, which is the caller's."""
        self._epoch = None
        match report.failure_class:
            case FailureClass.SESSION:
                pass
            case FailureClass.MISFIT | FailureClass.PERMANENT:
                self._stop.over(ExitCode.USAGE, f"cannot list the inventory: {report.reason}")
            case FailureClass.STORAGE:
                self._stop.over_disk(report.reason)
            case _:
                self._tries.failed("list the inventory", report, now)

    def _read_back(self, report: RecordsListed) -> list[Record] | None:
        path = staged_inventory(self._staging, report.epoch)
        try:
            records = [msgspec.json.decode(line, type=Record) for line in path.read_bytes().splitlines()]
        except (OSError, msgspec.DecodeError) as error:
            self._stop.over_disk(f"the inventory in {path} cannot be read back: {error}")
            return None
        path.unlink()
        if len(records) != report.count:
            self._stop.over_disk(f"{path} should hold {report.count} records, {len(records)} are there")
            return None
        return records
