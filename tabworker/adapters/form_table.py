"""Reads the inventory from a table on the portal's pages; how one page leads to the next is form_paging's."""

import re
from collections.abc import Iterator

from tabworker.adapters.form_columns import LINK, find_column, missing_column, records_of_rows
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_paging import pages_of
from tabworker.adapters.form_rows import Rows
from tabworker.failures import AdapterMisfit, Transient
from tabworker.messages import Record

_NUMBER = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?!\d)|\d+")


def records_of_table(form: FormPage) -> Iterator[Record]:
    """The records of the page that is open and of all that follow. Raises Transient when the portal says
    (``count_selector``) that there are more.
    """
    columns: list[str] = []
    reference_at: int | None = None
    expected: int | None = None
    listed = set[str]()
    wants_link = LINK in form.settings.record_url + form.settings.document_url
    for page in pages_of(form):
        source = f"the table {form.where()}"
        if reference_at is None:
            columns = columns_of(page)
            reference_at = find_column(columns, form.settings.reference_column)
            if reference_at is None:
                # Without a head nobody can know which number is which.
                example = () if page.columns else page.rows[0]
                raise missing_column(columns, form.settings.reference_column, source, example)
            expected = _announced(form)
        rows = _with_links(page, len(columns)) if wants_link else page.rows
        for record in records_of_rows([*columns, LINK], reference_at, rows, source):
            listed.add(record.ref)
            yield record
        if form.settings.paging == "scroll" and expected is not None and len(listed) >= expected:
            return  # else the end shows only in that nothing new comes for a while
    if expected is not None and len(listed) < expected:
        raise Transient(
            f"the table shows {len(listed)} records, but the portal says that there are {expected} "
            f"([portal] count_selector = {form.settings.count_selector}) {form.where()}"
        )


def columns_of(page: Rows) -> list[str]:
    """The names in the table's head; without a head its columns are numbered from 1."""
    widest = max((len(row) for row in page.rows), default=0)
    names = page.columns or [str(number + 1) for number in range(widest)]
    return names + [""] * (widest - len(names))


def number_in(text: str) -> int | None:
    """The largest whole number in words such as "1–50 of 2,000 records"; None when there is none."""
    numbers = [int(re.sub(r"\D", "", found)) for found in _NUMBER.findall(text)]
    return max(numbers, default=None)


def _with_links(page: Rows, width: int) -> list[list[str]]:
    """Each row at its full width, and its link behind it."""
    return [
        [*row[:width], *[""] * (width - len(row)), link]
        for row, link in zip(page.rows, page.links, strict=True)
    ]


def _announced(form: FormPage) -> int | None:
    selector = form.settings.count_selector
    if not selector:
        return None
    form.find(selector, "count_selector")
    words = form.words(selector)
    number = number_in(words)
    if number is None:
        raise AdapterMisfit(
            f"[portal] count_selector = {selector} has no number in it {form.where()}: it says {words!r}"
        )
    return number
