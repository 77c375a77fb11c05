"""Finds a record's page by the portal's own search, where its address cannot be told from the reference."""

import re

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.form_addresses import address_of, selector_of
from tabworker.adapters.form_inventory_page import open_inventory
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_selectors import root_of, split_frames
from tabworker.failures import Transient
from tabworker.messages import Record

_FOUND_WITHIN_S = 10.0


def open_by_search(form: FormPage, record: Record) -> None:
    """Find the reference and follow the link to the record.

    By the address of a search (one page to load) or by typing into the search box of the inventory page.
    """
    settings = form.settings
    if settings.search_url:
        address = address_of(settings.search_url, record, "search_url", settings.url)
        form.open_signed_in(address, "search record", "search_url", may_be_missing=True)
    else:
        _type_into_box(form, record)
    if settings.record_link_selector:
        _follow(form, _link_of(form, record))


def _type_into_box(form: FormPage, record: Record) -> None:
    """On the inventory's page, loaded anew for each record, also where the page that is open has such a box.

    To spare that load (2 pages for a record instead of 3) is safe nowhere that it is needed. What is open is
    the record before, with its document's button: until the search has replaced it, in the page or in another
    frame, and for good where a portal that finds nothing leads back to where one came from, that button would
    be taken for the new one's. That a page was replaced can be told, but not that its box searches what the
    inventory's does, unless both are plain forms that send the same by GET. Those have an address, and
    ``search_url`` loads 2 pages for a record without any box.
    """
    settings = form.settings
    open_inventory(form)
    form.step("search record")
    box = form.find(settings.search_selector, "search_selector")
    try:
        box.fill(record.reference, timeout=form.tab.remaining_s * 1000)
        box.press("Enter", timeout=form.tab.remaining_s * 1000)
    except PlaywrightError as error:
        raise Transient(
            f"[portal] search_selector = {settings.search_selector} cannot be used {form.where()}"
        ) from error


def _link_of(form: FormPage, record: Record) -> Locator:
    """The link that reads as the reference, else the one in its row, else the only one that was found."""
    selector = selector_of(form.settings.record_link_selector, record, "record_link_selector")
    root, inner = root_of(form.page, selector)
    links = form.locate(selector).filter(visible=True)
    exact = re.compile(rf"^\s*{_spaced(record.reference)}\s*$")
    named = links.filter(has_text=exact)
    rows = root.locator("tr, li, [role=row]").filter(has=form.page.get_by_text(exact))
    in_row = rows.locator(inner).filter(visible=True)
    within_s = min(_FOUND_WITHIN_S, form.tab.remaining_s)
    found = form.first_of({"named": named, "in_row": in_row}, within_s)
    if found is not None:
        return (named if found == "named" else in_row).first
    if links.count() == 1:
        return links.first
    form.raise_if_signed_out()
    raise Transient(
        f"the search for {record.reference!r} led to {links.count()} links, none of them its own "
        f"([portal] record_link_selector = {selector}) {form.where()}"
    )


def _follow(form: FormPage, link: Locator) -> None:
    if split_frames(form.settings.record_link_selector)[0]:
        form.step("open record")
        form.click(link, "record_link_selector")
        _wait_gone(form, link)
        return
    href = link.get_attribute("href", timeout=form.tab.remaining_s * 1000) or ""
    if href and not href.startswith(("#", "javascript:")):
        # Not by a click: it may open a new tab, and only a navigation of our own tells the status.
        address = str(link.evaluate("node => node.href"))
        form.open_signed_in(address, "open record", "record_link_selector", may_be_missing=True)
        return
    form.step("open record")
    url = form.page.url
    form.click(link, "record_link_selector")
    try:
        form.page.wait_for_url(
            lambda now: now != url, wait_until="domcontentloaded", timeout=_FOUND_WITHIN_S * 1000
        )
    except PlaywrightTimeout:
        pass  # the record is shown in place, without an address of its own
    form.raise_if_sign_in_address(form.page.url)


def _wait_gone(form: FormPage, link: Locator) -> None:
    """In a frame the record takes the place of what was found, and the page's address tells nothing of it."""
    try:
        link.wait_for(state="detached", timeout=min(_FOUND_WITHIN_S, form.tab.remaining_s) * 1000)
    except PlaywrightTimeout:
        pass  # the record is shown beside the list


def _spaced(ref: str) -> str:
    """A pattern for the reference as a page shows it, where any white space is one space."""
    return r"\s+".join(re.escape(piece) for piece in ref.split())
