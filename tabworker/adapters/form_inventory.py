"""Lists the inventory: from the portal's CSV export, from its table page by page, or from a file of the user's."""

from collections.abc import Iterator

from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_csv import record_of_row, records_of_csv, reference_index
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_sign_in import meet_consent
from tabworker.failures import AdapterMisfit, Transient
from tabworker.messages import Record

MOST_PAGES = 10_000
"""A pager that never ends is a portal's bug; it shall not become ours."""

_READ_TABLE = """
rows => {
  const text = cell => (cell.innerText || cell.textContent || "").trim();
  const table = rows.length ? rows[0].closest("table") : null;
  const heads = table ? Array.from(table.querySelectorAll("thead th, thead td")) : [];
  const first = heads.length || !table ? heads : Array.from(table.querySelectorAll("tr:first-child th"));
  return [first.map(text), ...rows.map(row => Array.from(row.children).map(text))];
}
"""


def list_records(form: FormPage) -> Iterator[Record]:
    """Every record once, in the portal's order; a reference that comes again is dropped with a warning."""
    ways = {"csv_export": _from_export, "table": _from_table, "file": _from_file}
    seen: set[str] = set()
    for record in ways[form.settings.inventory](form):
        if record.ref in seen:
            logger.bind(event="duplicate_record", task=record.ref).warning("{} is listed twice", record.ref)
            continue
        seen.add(record.ref)
        yield record


def _from_export(form: FormPage) -> Iterator[Record]:
    settings = form.settings
    if settings.export_selector:
        _open_inventory(form)
        button = form.find(settings.export_selector, "export_selector")
        form.tab.step("export the inventory", settings.step_timeout_s)
        captured = form.tab.capture.download(button)
    else:
        form.tab.step("export the inventory", settings.step_timeout_s)
        captured = form.tab.capture.fetch(form.url(settings.inventory_url))
    data = captured.path.read_bytes()
    if data[:512].lstrip().lower().startswith((b"<!doctype", b"<html")):
        form.raise_if_sign_in_form_shows()
        raise Transient(f"the export from {captured.source_url} is a page, not a CSV")
    yield from records_of_csv(data, settings.reference_column, f"the export {captured.source_url}")


def _from_table(form: FormPage) -> Iterator[Record]:
    settings = form.settings
    _open_inventory(form)
    before: list[list[str]] = []
    for number in range(1, MOST_PAGES + 1):
        form.tab.step(f"read inventory page {number}", settings.step_timeout_s)
        form.find(settings.table_row_selector, "table_row_selector")
        table = form.tab.page.locator(settings.table_row_selector).evaluate_all(_READ_TABLE)
        if table == before:
            raise AdapterMisfit(f"[portal] next_page_selector leads to the same page again {form.where()}")
        header, rows = table[0], table[1:]
        at = reference_index(header, settings.reference_column, f"the table {form.where()}")
        for row in rows:
            record = record_of_row(header, row, at)
            if record is not None:
                yield record
        before = table
        if not _next_page(form):
            return
    raise AdapterMisfit(
        f"the inventory has more than {MOST_PAGES} pages; [portal] next_page_selector may never end"
    )


def _from_file(form: FormPage) -> Iterator[Record]:
    path = form.settings.inventory_file
    if path is None:
        raise AdapterMisfit("[portal] inventory = file needs [portal] inventory_file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AdapterMisfit(f"[portal] inventory_file = {path} cannot be read: {error.strerror}") from error
    yield from records_of_csv(data, form.settings.reference_column, str(path))


def _open_inventory(form: FormPage) -> None:
    """The inventory page, with the filters that would hide records cleared."""
    settings = form.settings
    form.open_signed_in(settings.inventory_url, "open the inventory")
    if meet_consent(form):
        form.open_signed_in(settings.inventory_url, "open the inventory")
    if form.shows(settings.clear_filters_selector):
        form.tab.step("clear the filters", settings.step_timeout_s)
        _click_and_load(form, settings.clear_filters_selector)
        if form.shows(settings.clear_filters_selector):
            logger.bind(event="filters_remain").warning(
                "[portal] clear_filters_selector is still there after it was clicked: some records may be hidden"
            )


def _next_page(form: FormPage) -> bool:
    selector = form.settings.next_page_selector
    if not form.shows(selector):
        return False
    link = form.tab.page.locator(selector).first
    if link.get_attribute("aria-disabled") == "true" or not link.is_enabled():
        return False
    _click_and_load(form, selector)
    return True


def _click_and_load(form: FormPage, selector: str) -> None:
    """Click something that loads the page anew, or changes it in place."""
    page = form.tab.page
    page.locator(selector).first.click()
    try:
        page.wait_for_load_state("domcontentloaded")
        page.wait_for_load_state("networkidle", timeout=5000)
    except PlaywrightError:
        pass  # a page that polls is never idle; what we need from it is waited for by name
