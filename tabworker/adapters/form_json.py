"""Lists the inventory from JSON that the portal's own scripts ask for, page by page, in the session."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_addresses import page_address
from tabworker.adapters.form_answer import page_in
from tabworker.adapters.form_json_items import found_at, names_at_top, record_of, value_at
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_paging import MOST_PAGES
from tabworker.adapters.form_token import authorization
from tabworker.failures import AdapterMisfit, SessionLost, Transient
from tabworker.http_status import NotFound, failure_of_status
from tabworker.messages import Record

_MOST_BYTES = 64 * 1024 * 1024
_MOST_REDIRECTS = 20


def records_of_json(form: FormPage) -> Iterator[Record]:
    """The records of every page. The inventory's page is open: the token of its scripts is taken from it."""
    settings = form.settings
    asker = _Asker(form)
    address: str | None = form.url(page_address(settings.json_url, settings.first_page, 0))
    items: list[Any] = []
    offset = 0
    for number in count(1):
        if address is None:
            return
        if number > MOST_PAGES:
            raise AdapterMisfit(f"[portal] json_url has more than {MOST_PAGES} pages: it never ends")
        form.step(f"read inventory page {number}")
        answer = asker.ask(address, may_be_missing=number > 1)
        before, items = items, _items_of(form, answer, address)
        if not items or _repeats(form, number, before, items, address):
            return
        yield from (record_of(item, settings.reference_column, address) for item in items)
        offset += len(items)
        address = _next_address(form, asker, answer, number, offset, address)


class _Asker:
    """Asks for JSON with the session's cookies, and with its scripts' token if the settings name one."""

    def __init__(self, form: FormPage) -> None:
        self._form = form
        token = authorization(form)
        self._token = {"Authorization": token} if token else {}
        self._asked = set[str]()

    def ask(self, address: str, *, may_be_missing: bool) -> Any:
        """The answer, decoded; None for a page behind the last that is not there."""
        if address in self._asked:
            raise AdapterMisfit(f"[portal] json_next_path leads back to {address}: the list never ends")
        self._asked.add(address)
        form = self._form
        try:
            response = form.page.context.request.get(
                address,
                headers={"Accept": "application/json", "Referer": form.page.url, **self._token},
                timeout=form.tab.remaining_s * 1000,
                # A redirect might carry the token to another host.
                max_redirects=0 if self._token else _MOST_REDIRECTS,
            )
        except PlaywrightError as error:
            reason = error.message.strip().split("\n", 1)[0]
            raise Transient(f"the request of {address} failed: {reason}") from error
        try:
            headers = response.headers
            form.raise_if_sign_in_address(urljoin(response.url, headers.get("location", "")))
            self._raise_for_status(response.status, address, headers.get("retry-after"), may_be_missing)
            if response.status == 404 or response.status == 410:
                return None
            return _decoded(form, response.body(), address)
        finally:
            response.dispose()

    def _raise_for_status(
        self, status: int, address: str, retry_after: str | None, may_be_missing: bool
    ) -> None:
        if 300 <= status < 400:
            raise Transient(f"{address} leads elsewhere (status {status}), where the token is not sent")
        failure = failure_of_status(status, address, retry_after, datetime.now(UTC))
        if isinstance(failure, NotFound):
            if not may_be_missing:
                raise AdapterMisfit(f"[portal] json_url: {failure.reason}")
        elif failure is not None:
            raise failure

    def is_same_host(self, address: str) -> bool:
        mine, theirs = urlsplit(self._form.url(self._form.settings.json_url)), urlsplit(address)
        return (mine.scheme, mine.netloc) == (theirs.scheme, theirs.netloc)


def _decoded(form: FormPage, body: bytes, address: str) -> Any:
    if len(body) > _MOST_BYTES:
        raise AdapterMisfit(
            f"{address} is {len(body) / 2**20:.0f} MB of JSON, more than {_MOST_BYTES // 2**20} MB: "
            "ask for it in pages ({page}, {offset} or {cursor} in [portal] json_url)"
        )
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError) as error:
        page = page_in(body)
        if page is not None and page.asks_for_password and form.settings.sign_in_url:
            raise SessionLost(f"signed out: {address} is a page that asks for a password") from error
        what = f"a page titled {page.title!r}" if page else f"no JSON ({str(error)[:200]})"
        raise Transient(f"[portal] json_url: {address} is {what}") from error


def _items_of(form: FormPage, answer: Any, address: str) -> list[Any]:
    if answer is None:
        return []
    path = form.settings.json_records_path
    found = found_at(answer, path)
    if isinstance(found, list):
        return found
    what = "is nothing" if found is None else f"is a {type(found).__name__}, not a list"
    raise AdapterMisfit(
        f"[portal] json_records_path = {path or '(empty)'} {what} in the JSON of {address}, "
        f"which has {names_at_top(answer)}"
    )


def _repeats(form: FormPage, number: int, before: list[Any], items: list[Any], address: str) -> bool:
    """Whether this page shows the list of the one before: past the end, or the place is not understood."""
    if items != before:
        return False
    if number == 2:
        raise AdapterMisfit(
            f"[portal] json_url = {form.settings.json_url}: the second page ({address}) holds the "
            "records of the first. If there is one page only, take {page} or {offset} out"
        )
    logger.bind(event="last_page_repeated").warning(
        "page {} of the inventory repeats the one before, which is taken for the last", number
    )
    return True


def _next_address(
    form: FormPage, asker: _Asker, answer: Any, number: int, offset: int, address: str
) -> str | None:
    settings = form.settings
    following = page_address(settings.json_url, settings.first_page + number, offset)
    has_place = following != page_address(settings.json_url, settings.first_page, 0)
    if not settings.json_next_path:
        return form.url(following) if has_place else None
    hint = value_at(answer, settings.json_next_path)
    if hint in (None, "", False):
        return None
    if "{cursor}" in settings.json_url:
        return form.url(page_address(settings.json_url, settings.first_page + number, offset, str(hint)))
    if has_place:
        return form.url(following)
    if isinstance(hint, str):
        address = urljoin(address, hint)
        if asker.is_same_host(address):
            return address
    raise AdapterMisfit(
        f"[portal] json_next_path = {settings.json_next_path} is {str(hint)[:200]!r} in the JSON, no address "
        "on the host of json_url; a cursor needs {cursor} in json_url"
    )
