"""Lists the inventory: from the portal's CSV export, its table page by page, or the user's own file."""

from collections.abc import Iterator
from pathlib import Path

from loguru import logger
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.form_answer import glance_at
from tabworker.adapters.form_csv import records_of_csv
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_table import records_of_table
from tabworker.capture_click import LedToPage
from tabworker.failures import AdapterMisfit, Transient
from tabworker.messages import Record

_FILTERS_GONE_WITHIN_MS = 5000


def list_records(form: FormPage) -> Iterator[Record]:
    """Every record in the portal's order. One that is listed twice comes twice: the caller drops it."""
    match form.settings.inventory:
        case "csv_export":
            open_inventory(form)
            yield from _export(form)
        case "table":
            open_inventory(form)
            yield from records_of_table(form)
        case "file":
            yield from _from_file(form)


def open_inventory(form: FormPage) -> None:
    """Open the inventory page and clear the filters that would hide records."""
    settings = form.settings
    form.open_signed_in(settings.inventory_url, "open the inventory", "inventory_url")
    selector = settings.clear_filters_selector
    if not form.shows(selector):
        form.raise_if_signed_out()
        return
    form.step("clear the filters")
    form.click(form.visible(selector), "clear_filters_selector")
    try:
        form.visible(selector).wait_for(state="hidden", timeout=_FILTERS_GONE_WITHIN_MS)
    except PlaywrightTimeout:
        logger.bind(event="filters_remain").warning(
            "[portal] clear_filters_selector = {} is still there after it was clicked: records may be hidden",
            selector,
        )
    form.finish_loading()


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
    yield from records_of_csv(captured.path, settings.reference_column, f"the export {captured.source_url}")


def _from_file(form: FormPage) -> Iterator[Record]:
    path: Path | None = form.settings.inventory_file
    if path is None:
        raise AdapterMisfit("[portal] inventory_file is empty, but inventory = file needs it")
    try:
        yield from records_of_csv(path, form.settings.reference_column, str(path))
    except OSError as error:
        raise AdapterMisfit(f"[portal] inventory_file = {path} cannot be read: {error.strerror}") from error
