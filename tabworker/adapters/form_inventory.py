"""Lists the inventory: from the portal's export, its table, its JSON, or a file of the user's own."""

from collections.abc import Iterator
from pathlib import Path

from tabworker.adapters.form_answer import glance_at
from tabworker.adapters.form_file import records_of_file
from tabworker.adapters.form_inventory_page import open_inventory
from tabworker.adapters.form_json import records_of_json
from tabworker.adapters.form_links import tasks_of_pages
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_table import records_of_table
from tabworker.adapters.form_tasks import TaskNames
from tabworker.capture_click import LedToPage
from tabworker.failures import AdapterMisfit, Transient
from tabworker.messages import Record


def list_records(form: FormPage) -> Iterator[Record]:
    """A record for every document, in the portal's order. One that is listed twice comes twice: the caller
    drops it.
    """
    names = TaskNames(form.settings)
    if form.settings.documents_selector:
        yield from tasks_of_pages(form, _records(form), names)
        return
    for record in _records(form):
        yield from names.tasks_of(record, form.settings.document_names)


def _records(form: FormPage) -> Iterator[Record]:
    match form.settings.inventory:
        case "csv_export":
            open_inventory(form)
            yield from _export(form)
        case "table":
            open_inventory(form)
            yield from records_of_table(form)
        case "json":
            open_inventory(form)
            yield from records_of_json(form)
        case "file":
            yield from _from_file(form)


def _export(form: FormPage) -> Iterator[Record]:
    settings = form.settings
    button = form.find(settings.export_selector, "export_selector")
    form.step("export the inventory")
    try:
        captured = form.tab.capture.download(button)
    except (LedToPage, Transient):
        form.raise_if_signed_out()
        raise
    size = captured.path.stat().st_size
    if captured.content_length not in (None, size):
        raise Transient(
            f"the export is cut short: {size} of {captured.content_length} bytes from {captured.source_url}"
        )
    answer = glance_at(captured)
    if answer is not None:
        raise Transient(
            f"the export is a web page titled {answer.title!r} instead of CSV, from {captured.source_url}"
        )
    form.step("read the export")
    yield from records_of_file(captured.path, settings.reference_column, f"the export {captured.source_url}")


def _from_file(form: FormPage) -> Iterator[Record]:
    path: Path | None = form.settings.inventory_file
    if path is None:
        raise AdapterMisfit("[portal] inventory_file is empty, but inventory = file needs it")
    try:
        form.step("read the inventory file")
        yield from records_of_file(path, form.settings.reference_column, str(path))
    except OSError as error:
        raise AdapterMisfit(f"[portal] inventory_file = {path} cannot be read: {error.strerror}") from error
