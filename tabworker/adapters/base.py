"""The four verbs of an adapter: all that Tabcrew needs to know of one portal."""

from collections.abc import Iterable
from typing import Protocol

from tabworker.messages import Credentials, Record
from tabworker.tab import Captured, Tab


class Adapter(Protocol):
    """Knows one portal. Made once per worker, called from one thread, each verb with the worker's own tab.

    Raise the classes of tabworker.failures; Playwright's own errors are understood as well (a time-out is
    Transient, a crashed page is Transient). Never touch ``tab.page.context``'s setters: they reach all tabs.
    """

    def sign_in(self, tab: Tab, credentials: Credentials) -> None:
        """Sign in once. Raises SignInRefused, AnotherSession, AdapterMisfit or Transient."""

    def is_signed_in(self, tab: Tab) -> bool:
        """True only on proof that the session is good. May navigate."""

    def list_records(self, tab: Tab) -> Iterable[Record]:
        """Every record of the inventory. References are unique; duplicates are dropped with a warning."""

    def fetch_document(self, tab: Tab, record: Record) -> Captured:
        """Capture the record's document. The caller verifies it; raise Permanent when there is none."""
