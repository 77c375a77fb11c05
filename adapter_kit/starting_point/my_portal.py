"""Knows one portal. In the settings: ``adapter = my_portal:MyPortal`` and ``url = https://…``.

Change the four verbs until `python run.py check --visible --pause` is content. The selectors below are those
of a made-up portal; `playwright codegen URL` shows those of yours.
"""

from collections.abc import Iterator

from tabworker.adapters.base import (
    Captured,
    Credentials,
    FormSettings,
    Permanent,
    Record,
    SessionLost,
    SignInRefused,
    Tab,
)


class MyPortal:
    def __init__(self, settings: FormSettings) -> None:
        self._url = settings.url.rstrip("/")  # [portal] url

    def is_signed_in(self, tab: Tab) -> bool:
        """Proof, from a page that only signed-in users see."""
        tab.page.goto(f"{self._url}/records")
        return tab.page.get_by_role("link", name="Sign out").is_visible()

    def sign_in(self, tab: Tab, credentials: Credentials) -> None:
        """One try. Whether it helped is asked of ``is_signed_in`` afterwards."""
        page = tab.page
        page.goto(f"{self._url}/login")
        page.get_by_label("User name").fill(credentials.username)
        page.get_by_label("Password").fill(credentials.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        alert = page.get_by_role("alert")
        if alert.is_visible():
            raise SignInRefused(f"the portal says: {alert.inner_text()}")  # never tried a third time

    def list_records(self, tab: Tab) -> Iterator[Record]:
        """Every record, page by page. A Record has a reference, and fields if you like."""
        page = tab.page
        page.goto(f"{self._url}/records")
        while True:
            for row in page.locator("table tbody tr").all():
                reference, owner = row.locator("td").all_inner_texts()[:2]
                yield Record(reference.strip(), {"owner": owner.strip()})
            following = page.get_by_role("link", name="Next")
            if not following.is_visible():
                return
            tab.step("next page of the list")  # a new step has its own time
            following.click()
            page.wait_for_load_state()

    def fetch_document(self, tab: Tab, record: Record) -> Captured:
        """The document of one record. It is verified afterwards: a whole PDF, with the reference in it."""
        page = tab.page
        page.goto(f"{self._url}/records/{record.ref}")
        if page.get_by_label("Password").is_visible():
            raise SessionLost("the portal shows its sign-in page")  # signs in anew, costs no attempt
        if page.get_by_text("No report").is_visible():
            raise Permanent("the portal has no report for this record")  # never tried again
        tab.step("get the report", within_s=60)
        # The cheapest way, when the document has an address: return tab.capture.fetch(address)
        return tab.capture.click(page.get_by_role("link", name="Report"))
