"""Fetches one record's document, in the capture way that the settings name."""

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.form_page import FormPage, fill_in
from tabworker.capture_click import LedToPage
from tabworker.captured import Captured
from tabworker.failures import AdapterMisfit, Permanent, SessionLost
from tabworker.messages import Record


def fetch_document(form: FormPage, record: Record) -> Captured:
    """Raises Permanent when the portal has no document for this record."""
    settings = form.settings
    if settings.capture == "fetch" and settings.document_url:
        # No page is loaded at all: the cheapest document there is.
        return _fetch(form, fill_in(settings.document_url, record, "document_url", in_url=True))
    if settings.capture == "print" and settings.document_url:
        return _print(form, fill_in(settings.document_url, record, "document_url", in_url=True))
    _open_record(form, record)
    control = _find_control(form, record)
    match settings.capture:
        case "fetch":
            return _fetch(form, _address_of(form, control))
        case "print":
            return _print(form, _address_of(form, control))
        case "click" | "download":
            return _click(form, control)


def _open_record(form: FormPage, record: Record) -> None:
    settings = form.settings
    if settings.record_url:
        form.open_signed_in(fill_in(settings.record_url, record, "record_url", in_url=True), "open record")
        return
    if not settings.search_selector:
        raise AdapterMisfit(
            "[portal] record_url and search_selector are both empty: there is no way to a record's page"
        )
    form.open_signed_in(settings.inventory_url, "open search page")
    search = form.find(settings.search_selector, "search_selector")
    form.tab.step("search record", settings.step_timeout_s)
    search.fill(record.ref)
    search.press("Enter")
    if settings.record_link_selector:
        form.tab.page.wait_for_load_state("domcontentloaded")
        selector = fill_in(settings.record_link_selector, record, "record_link_selector", in_url=False)
        link = form.find(selector, "record_link_selector")
        form.tab.step("open record", settings.step_timeout_s)
        link.click()
        form.tab.page.wait_for_load_state("domcontentloaded")
    form.raise_if_signed_out()


def _find_control(form: FormPage, record: Record) -> Locator:
    """What delivers the document. Waits for it or for the words that say there is none, whichever comes first."""
    settings = form.settings
    selector = fill_in(settings.document_selector, record, "document_selector", in_url=False)
    if not settings.no_document_text:
        return form.find(selector, "document_selector")
    page = form.tab.page
    control = page.locator(selector).first
    words = page.get_by_text(settings.no_document_text).first
    try:
        control.or_(words).first.wait_for(state="visible", timeout=form.tab.remaining_s * 1000)
    except PlaywrightTimeout as error:
        form.raise_if_sign_in_form_shows()
        raise AdapterMisfit(
            f"[portal] document_selector = {selector} finds nothing {form.where()}"
        ) from error
    if words.is_visible():
        raise Permanent(f"the portal says {settings.no_document_text!r} {form.where()}")
    return control


def _address_of(form: FormPage, control: Locator) -> str:
    address = control.get_attribute("href") or control.get_attribute("data-href") or ""
    if not address or address.lower().startswith("javascript:"):
        raise AdapterMisfit(
            f"[portal] document_selector = {form.settings.document_selector} has no address to {form.settings.capture} "
            f"{form.where()}. Set [portal] document_url, or capture = click"
        )
    return str(control.evaluate("(node, address) => new URL(address, document.baseURI).href", address))


def _fetch(form: FormPage, address: str) -> Captured:
    form.tab.step("fetch document", form.settings.step_timeout_s)
    captured = form.tab.capture.fetch(form.url(address))
    if form.is_sign_in_url(captured.source_url):
        raise SessionLost(f"signed out: {form.url(address)} led to the sign-in page {captured.source_url}")
    if captured.content_type is not None and "html" in captured.content_type:
        _raise_if_no_document(form, captured.path.read_text("utf-8", "replace"), captured.source_url)
    return captured


def _click(form: FormPage, control: Locator) -> Captured:
    form.tab.step("capture document", form.settings.step_timeout_s)
    capture = form.tab.capture
    try:
        return capture.click(control) if form.settings.capture == "click" else capture.download(control)
    except LedToPage as led:
        if form.is_sign_in_url(led.url):
            raise SessionLost(f"signed out: the click led to the sign-in page {led.url}") from led
        form.raise_if_sign_in_form_shows()
        _raise_if_no_document(form, _text_of_page(form), led.url)
        raise
    finally:
        for said in form.tab.dialogs:
            _raise_if_no_document(form, said, form.tab.page.url)


def _print(form: FormPage, address: str) -> Captured:
    form.open_signed_in(address, "open page to print")
    _raise_if_no_document(form, _text_of_page(form), address)
    form.tab.step("print document", form.settings.step_timeout_s)
    form.tab.page.wait_for_load_state("load")
    return form.tab.capture.print()


def _raise_if_no_document(form: FormPage, text: str, source: str) -> None:
    words = form.settings.no_document_text
    if words and words.casefold() in " ".join(text.split()).casefold():
        raise Permanent(f"the portal says {words!r} on {source}")


def _text_of_page(form: FormPage) -> str:
    if not form.settings.no_document_text:
        return ""
    try:
        return form.tab.page.locator("body").first.inner_text(timeout=2000)
    except PlaywrightError:
        return ""  # a page without a body says nothing
