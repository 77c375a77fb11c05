"""Watches what the portal answers while a click is under way: when no document comes, it says why."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Response

from tabworker.adapters.form_page import FormPage
from tabworker.failures import PortalFailure
from tabworker.http_status import failure_of_status

_GLANCE_MS = 1000
_SCRIPTED = {"fetch", "xhr"}
_STATUS_OF_PAGE = "() => performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0"


class Refusals:
    """``with Refusals(form) as refusals: … click …``; all pages and scripts of the tab and its pop-ups."""

    def __init__(self, form: FormPage) -> None:
        self._form = form
        self._refused: list[Response] = []

    def __enter__(self) -> Self:
        self._form.page.context.on("response", self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._form.page.context.remove_listener("response", self._take)

    def _take(self, response: Response) -> None:
        if response.status < 400:
            return
        request = response.request
        # A script may miss this or that without harm; being signed out or slowed down concerns us all.
        scripted = request.resource_type in _SCRIPTED and (
            response.status in (401, 429) or response.status >= 500
        )
        if scripted or request.is_navigation_request():
            self._refused.append(response)

    def raise_failure(self) -> None:
        """Raise what the latest refusal means; nothing when there was none."""
        if self._refused:
            refused = self._refused[-1]
            _raise(
                failure_of_status(
                    refused.status, refused.url, refused.headers.get("retry-after"), datetime.now(UTC)
                )
            )
        for popup in self._form.page.context.pages:
            if popup is not self._form.page:
                # A pop-up may have got its answer before we could listen; it remembers the status itself.
                _raise(failure_of_status(_status_of(popup), popup.url, None, datetime.now(UTC)))


def _raise(failure: PortalFailure | None) -> None:
    if failure is not None:
        raise failure


def _status_of(page: Page) -> int:
    try:
        return int(page.locator(":root").evaluate(_STATUS_OF_PAGE, timeout=_GLANCE_MS))
    except PlaywrightError:
        return 0  # it closed, or does not answer
