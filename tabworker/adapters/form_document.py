"""Fetches one record's document, in the capture way that the settings name."""

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator

from tabworker.adapters.form_addresses import address_of, selector_of
from tabworker.adapters.form_answer import Answer, glance_at
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_refusals import Refusals
from tabworker.adapters.form_search import open_by_search
from tabworker.adapters.form_session import ask_whether_signed_out
from tabworker.capture_click import LedToPage
from tabworker.captured import Captured
from tabworker.failures import AdapterMisfit, Permanent, SessionLost, Transient
from tabworker.messages import Record


def fetch_document(form: FormPage, record: Record) -> Captured:
    """Raises Permanent when the portal has no document for this record, SessionLost when signed out."""
    match form.settings.capture:
        case "fetch":
            return _fetch(form, record)
        case "print":
            return _print(form, record)
        case "click" | "download":
            return _click(form, record)


def _fetch(form: FormPage, record: Record) -> Captured:
    """No page is loaded at all: the cheapest document there is."""
    settings = form.settings
    if not settings.document_url:
        raise AdapterMisfit("[portal] document_url is empty, but capture = fetch needs it")
    address = address_of(settings.document_url, record, "document_url", settings.url)
    form.step("fetch document")
    captured = form.tab.capture.fetch(address)
    form.raise_if_sign_in_address(captured.source_url)
    answer = glance_at(captured)
    if answer is not None:
        _explain(form, answer, captured.source_url)
    return captured


def _explain(form: FormPage, answer: Answer, source: str) -> None:
    """Raise what a web page in place of a document means, if it can be told."""
    _raise_if_no_document(form, answer.text, source)
    if not form.settings.sign_in_url:
        return
    if answer.asks_for_password:
        raise SessionLost(f"signed out: {source} is a page titled {answer.title!r} that asks for a password")
    # It may be a licence page, or the first half of a sign-in: the portal itself is asked.
    form.open_signed_in(form.settings.inventory_url, "prove the session", "inventory_url")
    form.raise_if_signed_out()


def _print(form: FormPage, record: Record) -> Captured:
    _open_record(form, record)
    form.finish_loading()
    _raise_if_unprintable(form, record)
    form.step("print document")
    return form.tab.capture.print()


def _raise_if_unprintable(form: FormPage, record: Record) -> None:
    """A print of the sign-in page would be a fine PDF. The reference is waited for, not demanded."""
    sights = {**_obstacles(form), "reference": form.page.get_by_text(record.ref)}
    _raise_obstacle(form, form.first_of(sights, min(2.0, form.tab.remaining_s)))


def _click(form: FormPage, record: Record) -> Captured:
    _open_record(form, record)
    control = _find_control(form, record)
    form.finish_loading()
    form.step("capture document")
    capture = form.tab.capture
    with Refusals(form) as refusals:
        try:
            return capture.click(control) if form.settings.capture == "click" else capture.download(control)
        except Transient as failure:
            _explain_click(form, refusals, failure)
            raise
        except PlaywrightError as error:
            _explain_click(form, refusals, error)
            raise form.not_clicked("document_selector", error) from error


def _explain_click(form: FormPage, refusals: Refusals, failure: Exception) -> None:
    """Raise why a click led to no document, if it can be told; all looks are dear, and only taken now."""
    said, source = form.tab.dialogs, form.page.url
    if isinstance(failure, LedToPage):
        form.raise_if_sign_in_address(failure.url)
        said, source = [failure.title, *said], failure.url
    _raise_if_no_document(form, " ".join(said), source)
    if form.shows_text(form.settings.no_document_text):
        raise Permanent(f"the portal says {form.settings.no_document_text!r} {form.where()}")
    refusals.raise_failure()
    ask_whether_signed_out(form)


def _open_record(form: FormPage, record: Record) -> None:
    settings = form.settings
    if settings.record_url:
        address = address_of(settings.record_url, record, "record_url", settings.url)
        form.open_signed_in(address, "open record", "record_url")
    elif settings.search_selector:
        open_by_search(form, record)
    else:
        raise AdapterMisfit(
            "[portal] record_url and search_selector are both empty: no way leads to a record's page"
        )


def _find_control(form: FormPage, record: Record) -> Locator:
    """What delivers the document; waited for together with all that may stand there instead."""
    selector = selector_of(form.settings.document_selector, record, "document_selector")
    if not selector:
        raise AdapterMisfit(
            f"[portal] document_selector is empty, but capture = {form.settings.capture} needs it"
        )
    control = form.visible(selector)
    seen = form.first_of({"control": control, **_obstacles(form)}, form.tab.remaining_s)
    if seen != "control":
        _raise_obstacle(form, seen)
        ask_whether_signed_out(form)
        raise form.not_found("document_selector", selector)
    return control


def _obstacles(form: FormPage) -> dict[str, Locator]:
    """What a record's page may show instead of its document."""
    settings = form.settings
    sights: dict[str, Locator] = {}
    if settings.no_document_text:
        sights["no document"] = form.text(settings.no_document_text)
    return sights | form.obstacles()


def _raise_obstacle(form: FormPage, seen: str | None) -> None:
    if seen == "no document":
        raise Permanent(f"the portal says {form.settings.no_document_text!r} {form.where()}")
    if seen not in (None, "reference"):
        form.raise_if_signed_out()


def _raise_if_no_document(form: FormPage, text: str, source: str) -> None:
    words = form.settings.no_document_text
    if words and " ".join(words.split()).casefold() in " ".join(text.split()).casefold():
        raise Permanent(f"the portal says {words!r} on {source}")
