"""What all verbs of the form adapter share: addresses, elements and the reasons when one of them is missing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urljoin, urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import AdapterMisfit, SessionLost, Transient
from tabworker.http_status import failure_of_status
from tabworker.messages import Record
from tabworker.tab import Tab

_PLACE = re.compile(r"\{([^{}]+)\}")


def values_of(record: Record) -> dict[str, str]:
    """What ``{…}`` may stand for. ``{ref}`` is the reference even where the portal has a column of that name."""
    return {**record.fields, "ref": record.ref}


def fill_in(template: str, record: Record, setting: str, *, in_url: bool) -> str:
    """``template`` with the record's values; quoted where they become part of an address. Raises AdapterMisfit."""
    values: Mapping[str, str] = values_of(record)

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            columns = ", ".join(sorted(values))
            raise AdapterMisfit(
                f"[portal] {setting} names {{{name}}}, but record {record.ref} has only: {columns}"
            )
        return quote(values[name], safe="") if in_url else values[name]

    return _PLACE.sub(value, template)


@dataclass(frozen=True)
class FormPage:
    """The tab, seen with the settings of one portal."""

    tab: Tab
    settings: FormSettings

    def url(self, address: str) -> str:
        return urljoin(self.settings.url, address)

    def open(self, address: str, step: str) -> Response | None:
        """Load an address; raises the failure that its status means, or SessionLost when it led to the sign-in page."""
        self.tab.step(step, self.settings.step_timeout_s)
        try:
            response = self.tab.page.goto(self.url(address), wait_until="domcontentloaded")
        except PlaywrightTimeout as error:
            raise Transient(
                f"{self.url(address)} did not load within {self.settings.step_timeout_s:.0f} s in step {step!r}. "
                "Raise [portal] step_timeout_s if the portal is slow"
            ) from error
        except PlaywrightError as error:
            raise Transient(f"{self.url(address)} did not load: {_first_line(error)}") from error
        if response is not None:
            headers = response.headers
            failure = failure_of_status(
                response.status, response.url, headers.get("retry-after"), datetime.now(UTC)
            )
            if failure is not None:
                raise failure
        return response

    def open_signed_in(self, address: str, step: str) -> Response | None:
        """``open`` for a page that only a signed-in user sees."""
        response = self.open(address, step)
        self.raise_if_signed_out()
        return response

    def raise_if_signed_out(self) -> None:
        """By address alone, which costs nothing."""
        if self.is_sign_in_url(self.tab.page.url):
            raise SessionLost(f"signed out: the portal shows its sign-in page {self.where()}")

    def raise_if_sign_in_form_shows(self) -> None:
        """Costs a look into the page: for portals that show the form at any address, once something else failed."""
        self.raise_if_signed_out()
        if self.shows(self.settings.password_selector):
            raise SessionLost(f"signed out: the portal shows its sign-in form {self.where()}")

    def is_sign_in_url(self, url: str) -> bool:
        ours, theirs = urlsplit(self.url(self.settings.sign_in_url)), urlsplit(url)
        return (ours.netloc, ours.path.rstrip("/")) == (theirs.netloc, theirs.path.rstrip("/"))

    def shows(self, selector: str) -> bool:
        """Whether it is visible now; never waits, false for an empty selector."""
        return bool(selector) and self.tab.page.locator(selector).first.is_visible()

    def find(self, selector: str, setting: str) -> Locator:
        """The visible element, waited for. Raises SessionLost or AdapterMisfit, which names the setting."""
        if not selector:
            raise AdapterMisfit(f"[portal] {setting} is empty, but it is needed {self.where()}")
        locator = self.tab.page.locator(selector).first
        try:
            locator.wait_for(state="visible", timeout=self.tab.remaining_s * 1000)
        except PlaywrightTimeout as error:
            self.raise_if_sign_in_form_shows()
            raise AdapterMisfit(f"[portal] {setting} = {selector} finds nothing {self.where()}") from error
        except PlaywrightError as error:
            raise AdapterMisfit(
                f"[portal] {setting} = {selector} cannot be used {self.where()}: {_first_line(error)}"
            ) from error
        return locator

    def where(self) -> str:
        """``on <address> ("<title>")``, for a reason."""
        page = self.tab.page
        try:
            title = page.locator("title").first.text_content(timeout=500) or ""
        except PlaywrightError:
            title = ""  # no title, or a page that does not answer: the address must do
        return f'on {page.url} ("{" ".join(title.split())[:200]}")'


def _first_line(error: PlaywrightError) -> str:
    return error.message.strip().split("\n", 1)[0]
