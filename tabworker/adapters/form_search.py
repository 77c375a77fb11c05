"""Finds a record's page by the portal's own search, where its address cannot be told from the reference."""

import re

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.form_addresses import selector_of
from tabworker.adapters.form_inventory import open_inventory
from tabworker.adapters.form_page import FormPage
from tabworker.failures import Transient
from tabworker.messages import Record

_FOUND_WITHIN_S = 10.0


def open_by_search(form: FormPage, record: Record) -> None:
    """Type the reference into the search box of the inventory page and follow the link to the record."""
    settings = form.settings
    open_inventory(form)
    form.step("search record")
    box = form.find(settings.search_selector, "search_selector")
    try:
        box.fill(record.ref, timeout=form.tab.remaining_s * 1000)
        box.press("Enter", timeout=form.tab.remaining_s * 1000)
    except PlaywrightError as error:
        raise Transient(
            f"[portal] search_selector = {settings.search_selector} cannot be used {form.where()}"
        ) from error
    if settings.record_link_selector:
        _follow(form, _link_of(form, record))


def _link_of(form: FormPage, record: Record) -> Locator:
    """The link that reads as the reference, else the one in its row, else the only one that was found."""
    selector = selector_of(form.settings.record_link_selector, record, "record_link_selector")
    links = form.page.locator(selector).filter(visible=True)
    exact = re.compile(rf"^\s*{_spaced(record.ref)}\s*$")
    named = links.filter(has_text=exact)
    rows = form.page.locator("tr, li, [role=row]").filter(has=form.page.get_by_text(exact))
    in_row = rows.locator(selector).filter(visible=True)
    within_s = min(_FOUND_WITHIN_S, form.tab.remaining_s)
    found = form.first_of({"named": named, "in_row": in_row}, within_s)
    if found is not None:
        return (named if found == "named" else in_row).first
    if links.count() == 1:
        return links.first
    form.raise_if_signed_out()
    raise Transient(
        f"the search for {record.ref!r} led to {links.count()} links, none of them its own "
        f"([portal] record_link_selector = {selector}) {form.where()}"
    )


def _follow(form: FormPage, link: Locator) -> None:
    href = link.get_attribute("href", timeout=form.tab.remaining_s * 1000) or ""
    if href and not href.startswith(("#", "javascript:")):
        # Not by a click: it may open a new tab, and only a navigation of our own tells the status.
        address = str(link.evaluate("node => node.href"))
        form.open_signed_in(address, "open record", "record_link_selector")
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


def _spaced(ref: str) -> str:
    """A pattern for the reference as a page shows it, where any white space is one space."""
    return r"\s+".join(re.escape(piece) for piece in ref.split())
