"""Leads from one page of the inventory to the next: by a link, by its number, by loading more, by scrolling.

A page that shows the same rows again is never taken for the end where records could be missing from the
list: better no list than a short one. Every turn is a step of its own, so that the watchdog sees a long list
grow.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_rows import Rows, read_rows, read_rows_if_any
from tabworker.failures import AdapterMisfit, Transient
from tabworker.http_status import NotFound

__all__ = ["MOST_PAGES", "Rows", "pages_of"]

MOST_PAGES = 10_000
"""A pager that never ends is a portal's bug; it shall not become ours."""

_LOOK_AGAIN_MS = 100
_GONE_FOR_MS = 500
_SCROLL_PATIENCE = 3
"""The part of a step for which nothing new may come before a list that scrolls counts as complete."""
_LOOKS_BEFORE_THE_END = 2
"""A list scrolled to its last row goes on by itself; only where it does not is the page's end looked for."""

_READ_PAGER = r"""
links => links.map(link => ({
  href: link.href || "",
  off: link.disabled === true || link.getAttribute("aria-disabled") === "true"
    || /(^|[\s-])disabled($|\s)/.test(link.className),
}))
"""


def pages_of(form: FormPage) -> Iterator[Rows]:
    """The rows of the page that is open, then of those that follow, to the last."""
    ways = {"next": _by_link, "number": _by_number, "load_more": _by_more, "scroll": _by_scrolling}
    form.step("read inventory page 1")
    form.find(form.settings.table_row_selector, "table_row_selector")
    for turns, page in enumerate(ways[form.settings.paging](form, read_rows(form)), start=1):
        yield page
        if turns >= MOST_PAGES:
            raise AdapterMisfit(
                f"the inventory has more than {MOST_PAGES} pages: [portal] paging = {form.settings.paging} "
                f"never comes to an end {form.where()}"
            )
        form.step(f"read inventory page {turns + 1}")


# --- a page takes the place of the one before ---


def _by_link(form: FormPage, page: Rows) -> Iterator[Rows]:
    yield page
    while _turn_page(form, page):
        form.find(form.settings.table_row_selector, "table_row_selector")
        page = read_rows(form)
        yield page


def _turn_page(form: FormPage, before: Rows) -> bool:
    """Show the next page; False when this was the last one."""
    link = _link_on(form)
    if link is None:
        return False
    if link.startswith(("http:", "https:")) and link.partition("#")[0] != form.page.url.partition("#")[0]:
        form.open_signed_in(link, "turn the inventory's page", "next_page_selector")
    else:
        form.click(form.visible(form.settings.next_page_selector), "next_page_selector")
        _wait_for_rows(form, lambda: _other_rows(form, before))
    return True


def _other_rows(form: FormPage, before: Rows) -> Rows | None:
    page = read_rows_if_any(form)
    return page if page is not None and page.rows != before.rows else None


def _by_number(form: FormPage, page: Rows) -> Iterator[Rows]:
    yield page
    before, read = page, len(page.rows)
    for number in count(form.settings.first_page + 1):
        following = _numbered(form, number, read)
        if following is None:
            return
        if following.rows == before.rows:
            if number == form.settings.first_page + 1:
                raise AdapterMisfit(
                    f"[portal] inventory_url = {form.settings.inventory_url}: its second page shows the rows "
                    f"of the first {form.where()}. If the inventory has one page only, set paging = next"
                )
            logger.bind(event="last_page_repeated").warning(
                "page {} of the inventory repeats the one before, which is taken for the last", number
            )
            return
        yield following
        before, read = following, read + len(following.rows)


def _numbered(form: FormPage, number: int, offset: int) -> Rows | None:
    """None when there is no such page, or nothing on it within the step's time."""
    address = form.inventory_address(number, offset)
    try:
        form.open_signed_in(address, f"read inventory page {number}", "inventory_url", may_be_missing=True)
    except NotFound:
        return None
    row = form.locate(form.settings.table_row_selector)
    if form.first_of({"row": row, **form.obstacles()}, form.tab.remaining_s) != "row":
        form.raise_if_signed_out()
        return None
    return read_rows(form)


# --- rows are added to those that are there ---


def _by_more(form: FormPage, page: Rows) -> Iterator[Rows]:
    seen = _Seen()
    yield seen.new_of(page)
    while _link_on(form) is not None:
        form.click(form.visible(form.settings.next_page_selector), "next_page_selector")
        page = _wait_for_rows(form, partial(_new_rows, form, seen, page))
        yield seen.new_of(page)


def _new_rows(form: FormPage, seen: "_Seen", before: Rows) -> Rows | None:
    return seen.any_new(read_rows_if_any(form, before))


def _by_scrolling(form: FormPage, page: Rows) -> Iterator[Rows]:
    """To the last row, until nothing new comes for a good part of a step."""
    seen = _Seen()
    yield seen.new_of(page)
    while (following := _scrolled(form, seen, page)) is not None:
        if not seen.joins(following):
            raise Transient(
                "[portal] paging = scroll: the list took rows out of the page before they could be read "
                f"{form.where()}. Reading it again may go better; a count_selector proves that it is whole"
            )
        page = following
        yield seen.new_of(page)
    form.raise_if_signed_out()


def _scrolled(form: FormPage, seen: "_Seen", before: Rows) -> Rows | None:
    """What the page shows once there is something new; None when nothing came."""
    give_up_at = time.monotonic() + form.tab.remaining_s / _SCROLL_PATIENCE
    looks = 0
    while True:
        by_itself = looks < _LOOKS_BEFORE_THE_END
        following = seen.any_new(read_rows_if_any(form, before, follow=by_itself))
        if following is not None or time.monotonic() >= give_up_at:
            return following
        if not by_itself:
            _scroll_to_end(form)
        looks += 1
        form.page.wait_for_timeout(_LOOK_AGAIN_MS)


def _scroll_to_end(form: FormPage) -> None:
    """By the wheel over the list: what makes it go on may lie far below its rows, or listen to the wheel."""
    row = form.locate(form.settings.table_row_selector).last
    try:
        row.hover(timeout=_LOOK_AGAIN_MS * 5, force=True)
        form.page.mouse.wheel(0, 10_000)
    except PlaywrightError:
        pass  # rows are being replaced; there will be another look


class _Seen:
    """The rows that were listed: a list that scrolls may take rows out of the page, and put them back."""

    def __init__(self) -> None:
        self._rows = set[tuple[str, ...]]()

    def any_new(self, page: Rows | None) -> Rows | None:
        return page if page is not None and any(tuple(row) not in self._rows for row in page.rows) else None

    def joins(self, page: Rows) -> bool:
        """Whether the page still shows a row that was listed: else others may have come and gone."""
        return page.count > len(page.rows) or any(tuple(row) in self._rows for row in page.rows)

    def new_of(self, page: Rows) -> Rows:
        new = []
        for index, row in enumerate(page.rows):
            if tuple(row) not in self._rows:
                self._rows.add(tuple(row))
                new.append(index)
        return page.only(new)


# --- what the ways share ---


def _link_on(form: FormPage) -> str | None:
    """The address of the next page's link or button, empty if it has none; None when it is gone or off.

    A script may show its rows a moment before it brings its button back: gone must last to be believed.
    """
    selector = form.settings.next_page_selector
    if not selector:
        return None
    for pause_ms in (0, _GONE_FOR_MS):
        form.page.wait_for_timeout(pause_ms)
        try:
            links = form.locate(selector).filter(visible=True).evaluate_all(_READ_PAGER)
        except PlaywrightError as error:
            raise form.not_clicked("next_page_selector", error) from error
        if links and not links[0]["off"]:
            return str(links[0]["href"])
    return None


def _wait_for_rows(form: FormPage, look: Callable[[], Rows | None]) -> Rows:
    """A script changes the table in place, or a form loads a page: either way other rows must come.

    The same rows again would mean that records are missing from the list, so that is never taken for the end.
    """
    for _ in range(max(1, int(form.tab.remaining_s * 1000 / _LOOK_AGAIN_MS))):
        page = look()
        if page is not None:
            return page
        form.page.wait_for_timeout(_LOOK_AGAIN_MS)
    form.raise_if_signed_out()
    raise Transient(
        f"[portal] next_page_selector = {form.settings.next_page_selector} was clicked, but the same rows "
        f"are shown {form.where()}. If this is the last page, choose a selector that finds nothing there"
    )
