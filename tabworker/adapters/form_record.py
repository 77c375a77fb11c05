"""Opens the page of a record, and knows what may stand there instead of its document."""

from playwright.sync_api import Locator

from tabworker.adapters.form_addresses import address_of
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_search import open_by_search
from tabworker.adapters.form_selectors import split_frames
from tabworker.failures import AdapterMisfit, Permanent
from tabworker.messages import Record


def open_record(form: FormPage, record: Record) -> None:
    settings = form.settings
    if settings.record_url:
        address = address_of(settings.record_url, record, "record_url", settings.url)
        form.open_signed_in(address, "open record", "record_url", may_be_missing=True)
    elif settings.search_url or settings.search_selector:
        open_by_search(form, record)
    else:
        raise AdapterMisfit(
            "[portal] record_url, search_url and search_selector are all empty: "
            "no way leads to a record's page"
        )


def record_obstacles(form: FormPage) -> dict[str, Locator]:
    """What a record's page may show instead of its document."""
    settings = form.settings
    sights: dict[str, Locator] = {}
    if settings.no_document_text:
        sights["no document"] = form.text(settings.no_document_text)
        frames, _ = split_frames(settings.document_selector or settings.documents_selector)
        if frames:
            inside = "".join(f"frame={frame} >> " for frame in frames)
            sights["no document in its frame"] = form.text(settings.no_document_text, inside)
    return sights | form.obstacles()


def raise_obstacle(form: FormPage, seen: str | None) -> None:
    """What it means that ``seen`` of the obstacles stood there; nothing for any other sight."""
    if seen is not None and seen.startswith("no document"):
        raise Permanent(f"the portal says {form.settings.no_document_text!r} {form.where()}")
    if seen in form.obstacles():
        form.raise_if_signed_out()
