"""A Python adapter for a portal that settings cannot describe.

The portal asks for three letters of the password, lists its statements as XML, and makes each of them on
order: place the order, look until it is made, fetch it from the outbox. In the settings:
``adapter = bank_adapter:BankAdapter``.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from tabworker.adapters.form_settings import FormSettings
from tabworker.captured import Captured
from tabworker.failures import SessionLost, SignInRefused, Transient
from tabworker.messages import Credentials, Record
from tabworker.tab import Tab


class BankAdapter:
    def __init__(self, settings: FormSettings) -> None:
        self._url = settings.url.rstrip("/")  # [portal] url

    def is_signed_in(self, tab: Tab) -> bool:
        tab.page.goto(f"{self._url}/")
        return tab.page.locator("#statements").is_visible()

    def sign_in(self, tab: Tab, credentials: Credentials) -> None:
        page = tab.page
        page.goto(f"{self._url}/sign-in")
        page.get_by_label("Customer").fill(credentials.username)
        for box in page.get_by_label("Letter").all():
            number = int(re.findall(r"\d+", box.get_attribute("name") or "")[0])
            box.fill(credentials.password[number - 1 : number])
        page.get_by_role("button", name="Go").click()
        if page.get_by_role("alert").is_visible():
            raise SignInRefused(page.get_by_role("alert").inner_text())

    def list_records(self, tab: Tab) -> Iterator[Record]:
        answer = tab.page.context.request.get(f"{self._url}/statements.xml")
        for statement in ElementTree.fromstring(answer.text()).iter("statement"):
            yield Record(statement.attrib["id"], dict(statement.attrib))

    def fetch_document(self, tab: Tab, record: Record) -> Captured:
        session = tab.page.context.request
        tab.step("order the statement")
        order = session.post(f"{self._url}/orders", data={"statement": record.ref})
        if order.status == 401:
            raise SessionLost("the bank answered 401 to an order")
        number = order.json()["order"]
        tab.step("wait until the statement is made", within_s=60)
        while session.get(f"{self._url}/orders/{number}").json()["state"] != "made":
            if tab.remaining_s < 1:
                raise Transient(f"order {number} was not made within 60 s")
            tab.page.wait_for_timeout(200)
        tab.step("fetch the statement")
        return tab.capture.fetch(f"{self._url}/outbox/{number}")
