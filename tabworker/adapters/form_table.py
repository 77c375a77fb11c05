"""Reads the inventory from a table on the portal's pages, page by page to the last."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_columns import find_column, missing_column, records_of_rows
from tabworker.adapters.form_page import FormPage
from tabworker.failures import AdapterMisfit, Transient
from tabworker.messages import Record

MOST_PAGES = 10_000
"""A pager that never ends is a portal's bug; it shall not become ours."""

_LOOK_AGAIN_MS = 100

# textContent, not innerText, which would follow the style sheet (capitals, hidden columns).
_READ_TABLE = r"""
rows => {
  const text = cell => cell.textContent.replace(/\s+/g, " ").trim();
  const cells = row => Array.from(row.children).map(text);
  const table = rows.length ? rows[0].closest("table, [role=table], [role=grid]") : null;
  const all = table ? Array.from(table.querySelectorAll("tr, [role=row]")) : [];
  const others = all.filter(row => !rows.includes(row));
  const head = others.find(row => row.closest("thead")) || others[0];
  return {columns: head ? cells(head) : [], rows: rows.map(cells)};
}
"""

_READ_PAGER = r"""
links => links.map(link => ({
  href: link.href || "",
  off: link.disabled === true || link.getAttribute("aria-disabled") === "true"
    || /(^|[\s-])disabled($|\s)/.test(link.className),
}))
"""

Table = dict[str, Any]


def records_of_table(form: FormPage) -> Iterator[Record]:
    """The records of the page that is open and of all that follow."""
    settings = form.settings
    for number in range(1, MOST_PAGES + 1):
        form.step(f"read inventory page {number}")
        form.find(settings.table_row_selector, "table_row_selector")
        table = _read(form)
        # A table without a head has its columns numbered from 1.
        columns = table["columns"] or [str(n + 1) for n in range(len(table["rows"][0]))]
        reference_at = find_column(columns, settings.reference_column)
        source = f"the table {form.where()}"
        if reference_at is None:
            raise missing_column(columns, settings.reference_column, source)
        yield from records_of_rows(columns, reference_at, table["rows"], source)
        if not _turn_page(form, table):
            return
    raise AdapterMisfit(
        f"the inventory has more than {MOST_PAGES} pages: [portal] next_page_selector never comes to an end"
    )


def _read(form: FormPage) -> Table:
    table: Table = form.page.locator(form.settings.table_row_selector).evaluate_all(_READ_TABLE)
    return table


def _turn_page(form: FormPage, before: Table) -> bool:
    """Show the next page; False when this was the last one."""
    selector = form.settings.next_page_selector
    if not selector:
        return False
    links = form.page.locator(selector).filter(visible=True).evaluate_all(_READ_PAGER)
    if not links or links[0]["off"]:
        return False
    href = links[0]["href"]
    form.step("turn the inventory's page")
    if href.startswith(("http:", "https:")) and href.partition("#")[0] != form.page.url.partition("#")[0]:
        form.open_signed_in(href, "turn the inventory's page", "next_page_selector")
    else:
        form.click(form.visible(selector), "next_page_selector")
        _wait_changed(form, before)
    return True


def _wait_changed(form: FormPage, before: Table) -> None:
    """A script changes the table in place, or a form loads a page: either way other rows must come.

    The same rows again would mean that records are missing from the list, so that is never taken for the end.
    """
    attempts = max(1, int(form.tab.remaining_s * 1000 / _LOOK_AGAIN_MS))
    for _ in range(attempts):
        try:
            table = _read(form)
        except PlaywrightError:
            table = before  # the page is being replaced while we look
        if table["rows"] and table["rows"] != before["rows"]:
            return
        form.page.wait_for_timeout(_LOOK_AGAIN_MS)
    form.raise_if_signed_out()
    raise Transient(
        f"[portal] next_page_selector = {form.settings.next_page_selector} was clicked, but the same rows "
        f"are shown {form.where()}. If this is the last page, choose a selector that finds nothing there"
    )
