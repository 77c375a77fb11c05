"""Fetches one record's document, in the capture way that the settings name."""

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator

from tabworker.adapters.form_addresses import address_of, selector_of
from tabworker.adapters.form_answer import Answer, glance_at
from tabworker.adapters.form_links import find_link
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_record import open_record, raise_obstacle, record_obstacles
from tabworker.adapters.form_refusals import Refusals
from tabworker.adapters.form_session import ask_whether_signed_out
from tabworker.adapters.form_token import authorization_for
from tabworker.capture_click import LedToPage
from tabworker.captured import Captured
from tabworker.failures import AdapterMisfit, Permanent, SessionLost, Transient
from tabworker.http_status import Forbidden
from tabworker.messages import Record

_READ_ADDRESS = """
node => {
  const link = node.closest("a[href], area[href]") || node;
  return link.href || link.src || link.data || "";
}
"""


def fetch_document(form: FormPage, record: Record) -> Captured:
    """Raises Permanent when the portal has no document for this record, SessionLost when signed out."""
    try:
        return _capture(form, record)
    except Forbidden:
        # Some portals answer so to whoever is signed out: then the session is at fault, and not the record.
        ask_whether_signed_out(form)
        raise


def _capture(form: FormPage, record: Record) -> Captured:
    match form.settings.capture:
        case "fetch":
            return _fetch(form, record)
        case "print":
            return _print(form, record)
        case "click" | "download":
            return _click(form, record)


def _fetch(form: FormPage, record: Record) -> Captured:
    """With ``document_url`` no page is loaded for it: the cheapest document there is."""
    settings = form.settings
    if settings.document_url:
        address = address_of(settings.document_url, record, "document_url", settings.url)
    else:
        open_record(form, record)
        address = _address_in(form, _find_control(form, record))
    token = authorization_for(form, address)
    form.step("fetch document")
    # A 401 is a lost session at once: to load a page in every tab, to see whether its scripts can renew the
    # token, would spend a refresh token several times, for which portals end a session. One tab proves it.
    captured = form.tab.capture.fetch(address, authorization=token)
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
    form.open_signed_in(form.inventory_address(), "prove the session", "inventory_url")
    form.raise_if_signed_out()


def _print(form: FormPage, record: Record) -> Captured:
    open_record(form, record)
    form.finish_loading()
    _raise_if_unprintable(form, record)
    form.step("print document")
    return form.tab.capture.print()


def _raise_if_unprintable(form: FormPage, record: Record) -> None:
    """A print of the sign-in page would be a fine PDF. The reference is waited for, not demanded."""
    sights = {**record_obstacles(form), "reference": form.page.get_by_text(record.reference)}
    raise_obstacle(form, form.first_of(sights, min(2.0, form.tab.remaining_s)))


def _click(form: FormPage, record: Record) -> Captured:
    open_record(form, record)
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
            raise form.not_clicked(_control_setting(form), error) from error


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


def _find_control(form: FormPage, record: Record) -> Locator:
    """What delivers the document; waited for together with all that may stand there instead."""
    settings = form.settings
    menu = [selector_of(one, record, "document_menu_selectors") for one in settings.document_menu_selectors]
    form.click_through(menu, "document_menu_selectors")
    if settings.documents_selector:
        return find_link(form, record)
    selector = selector_of(settings.document_selector, record, "document_selector")
    if not selector:
        raise AdapterMisfit(f"[portal] document_selector is empty, but capture = {settings.capture} needs it")
    control = form.visible(selector)
    seen = form.first_of({"control": control, **record_obstacles(form)}, form.tab.remaining_s)
    if seen != "control":
        raise_obstacle(form, seen)
        ask_whether_signed_out(form)
        raise form.not_found("document_selector", selector)
    return control


def _address_in(form: FormPage, control: Locator) -> str:
    """Where a link, a frame or an embedded document leads to."""
    address = control.evaluate(_READ_ADDRESS, timeout=form.tab.remaining_s * 1000)
    if isinstance(address, str) and address.startswith(("http://", "https://")):
        return address
    raise AdapterMisfit(
        f"[portal] {_control_setting(form)} names something without a web address ({str(address)[:100]!r}) "
        f"{form.where()}: set capture = click"
    )


def _control_setting(form: FormPage) -> str:
    return "documents_selector" if form.settings.documents_selector else "document_selector"


def _raise_if_no_document(form: FormPage, text: str, source: str) -> None:
    words = form.settings.no_document_text
    if words and " ".join(words.split()).casefold() in " ".join(text.split()).casefold():
        raise Permanent(f"the portal says {words!r} on {source}")
