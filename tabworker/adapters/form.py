"""The form adapter: a portal described by settings alone."""

from collections.abc import Iterable

from tabworker.adapters import form_document, form_inventory, form_sign_in
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_settings import FormSettings
from tabworker.captured import Captured
from tabworker.messages import Credentials, Record
from tabworker.tab import Tab


class FormAdapter:
    """The four verbs of tabworker.adapters.base, each in a file of its own."""

    def __init__(self, settings: FormSettings) -> None:
        self._settings = settings

    def sign_in(self, tab: Tab, credentials: Credentials) -> None:
        form_sign_in.sign_in(FormPage(tab, self._settings), credentials)

    def is_signed_in(self, tab: Tab) -> bool:
        return form_sign_in.is_signed_in(FormPage(tab, self._settings))

    def list_records(self, tab: Tab) -> Iterable[Record]:
        return form_inventory.list_records(FormPage(tab, self._settings))

    def fetch_document(self, tab: Tab, record: Record) -> Captured:
        return form_document.fetch_document(FormPage(tab, self._settings), record)
