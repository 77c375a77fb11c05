"""Finds the documents that a record's page links to, by the words of the links.

Listing them opens every record once, in one tab, before the first document is fetched. A record whose page
cannot be read then is passed on whole: its own task says why.
"""

from collections.abc import Iterable, Iterator

from loguru import logger
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator

from tabworker.adapters.form_addresses import selector_of
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_record import open_record, raise_obstacle, record_obstacles
from tabworker.adapters.form_tasks import DOCUMENT, TaskNames, told_apart
from tabworker.failures import AdapterMisfit, Permanent, PortalFailure, Transient
from tabworker.messages import Record

_STEADY_MS = 300
_TRIES = 2

_READ_LABELS = r"""
links => links.map(link =>
  link.textContent.trim() || link.getAttribute("aria-label") || link.title || link.getAttribute("download")
  || decodeURIComponent((link.href || "").split(/[?#]/)[0].split("/").pop()) || "")
"""


def tasks_of_pages(form: FormPage, records: Iterable[Record], names: TaskNames) -> Iterator[Record]:
    """A task for each document that the records' pages link to."""
    listed = list(records)  # the pages of the records take the place of the inventory's
    for number, record in enumerate(listed, start=1):
        step = f"list the documents of record {number} of {len(listed)}"
        yield from names.tasks_of(record, _names_on_page(form, record, step, is_first=number == 1))


def _names_on_page(form: FormPage, record: Record, step: str, *, is_first: bool) -> list[str]:
    """None at all when there is no document, or when the page cannot be read."""
    for attempt in range(1, _TRIES + 1):
        try:
            open_record(form, record)
            form.step(step)
            return _wait_for_names(form, record)
        except Permanent:
            return []
        except AdapterMisfit:
            if is_first:
                raise  # it is the settings, then
            return []
        except (Transient, PlaywrightError) as error:
            reason = error.reason if isinstance(error, PortalFailure) else error.message.split("\n", 1)[0]
            logger.bind(event="documents_not_listed").warning(
                "the documents of {!r} were not listed (try {} of {}): {}",
                record.ref,
                attempt,
                _TRIES,
                reason,
            )
    return []


def _wait_for_names(form: FormPage, record: Record) -> list[str]:
    """Waits for the first link, then until no more of them come."""
    links = _links(form, record)
    seen = form.first_of({"links": links.first, **record_obstacles(form)}, form.tab.remaining_s)
    if seen != "links":
        raise_obstacle(form, seen)
        form.raise_if_signed_out()
        return []
    form.finish_loading()
    names = _names(links)
    while True:
        form.page.wait_for_timeout(_STEADY_MS)
        before, names = names, _names(links)
        if names == before:
            return names


def find_link(form: FormPage, record: Record) -> Locator:
    """The link to the document of this task on the record's page, which is open."""
    wanted = record.fields.get(DOCUMENT)
    links = _links(form, record)
    names = _wait_for_names(form, record)
    while wanted is not None and wanted not in names and form.tab.remaining_s > 1:
        form.page.wait_for_timeout(_STEADY_MS)
        names = _names(links)
    if wanted in names:
        return links.nth(names.index(wanted))
    if not names:
        raise Permanent(f"the page of {record.reference!r} has no link to a document {form.where()}")
    if wanted is None and len(names) == 1:
        return links.first
    if wanted is None:
        raise Permanent(
            f"{record.reference!r} has {len(names)} documents ({', '.join(names)[:300]}), which could not be "
            "listed with the inventory: start over with --fresh to have a task for each"
        )
    raise Transient(
        f"the document {wanted!r} of {record.reference!r} is not on its page any more {form.where()}: "
        f"there are {', '.join(names)[:300]}"
    )


def _links(form: FormPage, record: Record) -> Locator:
    selector = selector_of(form.settings.documents_selector, record, "documents_selector")
    return form.locate(selector).filter(visible=True)


def _names(links: Locator) -> list[str]:
    return told_apart(str(label) for label in links.evaluate_all(_READ_LABELS))
