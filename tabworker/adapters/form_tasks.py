"""Makes a record for each document where a record has several: one task, one document, one name.

So every document is accepted, leased, verified and counted by itself, and the ledger knows of nothing else.
How many there are must be known when the inventory is listed, as a task that turns up later could not be
accounted for: names are given by the settings, or read from each record's page.
"""

from collections.abc import Iterable, Iterator

from tabworker.adapters.form_addresses import text_of
from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import AdapterMisfit
from tabworker.messages import OWN_REFERENCE, Record

DOCUMENT, NUMBER = "{document}", "{n}"
"""Fields that say which of a record's documents a task is for; in braces, as no column is."""

_LONGEST_NAME = 80


class TaskNames:
    """Gives each task its name, and no two the same one."""

    def __init__(self, settings: FormSettings) -> None:
        several = bool(settings.document_names or settings.documents_selector)
        self._template = settings.task_name or ("{ref}-{document}" if several else "{ref}")
        self._taken: dict[str, Record] = {}

    def tasks_of(self, record: Record, documents: Iterable[str]) -> Iterator[Record]:
        """A task for each; for the record itself when no names of documents are given."""
        tasks = [self._one_of(record, name, n) for n, name in enumerate(documents, start=1)]
        yield from tasks or [self._whole(record)]

    def _one_of(self, record: Record, document: str, number: int) -> Record:
        noted = {OWN_REFERENCE: record.ref, DOCUMENT: document, NUMBER: str(number)}
        return self._named(Record(record.ref, record.fields | noted))

    def _whole(self, record: Record) -> Record:
        if self._template == "{ref}" or DOCUMENT in self._template or NUMBER in self._template:
            return record if self._template == "{ref}" else self._claim(record)
        return self._named(Record(record.ref, record.fields | {OWN_REFERENCE: record.ref}))

    def _named(self, record: Record) -> Record:
        name = text_of(self._template, record, "task_name").strip()
        if not name:
            raise AdapterMisfit(f"[portal] task_name = {self._template} is empty for {record.ref!r}")
        return self._claim(Record(name, record.fields))

    def _claim(self, task: Record) -> Record:
        first = self._taken.setdefault(task.ref, task)
        if first != task:
            raise AdapterMisfit(
                f"two documents would both be called {task.ref!r}: one of {first.reference!r} and one of "
                f"{task.reference!r}. Let [portal] task_name = {self._template} tell them apart"
            )
        return task


def told_apart(labels: Iterable[str]) -> list[str]:
    """The words of a record's links as names, each once: Report, Report 2."""
    names: list[str] = []
    for place, label in enumerate(labels, start=1):
        name = wanted = " ".join(label.split())[:_LONGEST_NAME].strip() or str(place)
        again = 2
        while name in names:
            name, again = f"{wanted} {again}", again + 1
        names.append(name)
    return names
