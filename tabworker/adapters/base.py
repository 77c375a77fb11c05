"""The four verbs of an adapter: all that Tabcrew needs to know of one portal. What an adapter needs is here.

    from tabworker.adapters.base import Captured, Credentials, Record, SessionLost, Tab

docs/how-to/write-an-adapter.md tells how to write one, docs/reference/adapter-api.md has every name.
"""

from collections.abc import Iterable
from typing import Protocol

from tabworker.adapters.form_settings import FormSettings
from tabworker.capture_click import LedToPage
from tabworker.captured import Captured
from tabworker.failures import (
    AdapterMisfit,
    AnotherSession,
    Permanent,
    PortalFailure,
    SessionLost,
    SignInRefused,
    Throttled,
    Transient,
)
from tabworker.http_status import NotFound
from tabworker.messages import Credentials, Record
from tabworker.tab import Tab

__all__ = [
    "Adapter",
    "AdapterMisfit",
    "AnotherSession",
    "Captured",
    "Credentials",
    "FormSettings",
    "LedToPage",
    "NotFound",
    "Permanent",
    "PortalFailure",
    "Record",
    "SessionLost",
    "SignInRefused",
    "Tab",
    "Throttled",
    "Transient",
]


class Adapter(Protocol):
    """Knows one portal. Made once per worker, called from one thread, each verb with the worker's own tab.

    It is made with the keys of [portal] as its one argument (FormSettings; ``url`` is among them), or without
    when its ``__init__`` takes none. A class need not inherit from this one.

    In each verb:

    * ``tab.page`` is Playwright's Page. Never touch the setters of ``tab.page.context``: they reach all tabs.
    * ``tab.step("open record", within_s=20)`` begins a step. Its name stands in the terminal and in reasons;
      its time bounds each of Playwright's actions, and a worker that is late in it is killed. Without a step
      of your own a verb is one step of 30 s.
    * ``tab.capture.fetch(url)``, ``.click(locator)``, ``.download(locator)`` and ``.print()`` get a document.
    * Dialogs are dismissed, or answered by a function of yours: ``tab.answer_dialogs(lambda d: d.accept())``,
      until the verb ends. (A listener of ``page.on("dialog")`` would come second, after Tabcrew's own.)
    * Raise the classes of tabworker.failures: whose fault it is decides what happens next. Playwright's own
      errors are Transient, and so is any other exception; of those the worker's log has the traceback.
    """

    def sign_in(self, tab: Tab, credentials: Credentials) -> None:
        """Sign in once, never in a loop: portals lock accounts.

        Called when ``is_signed_in`` said no, by one worker for all; ``is_signed_in`` is asked again after it.
        Raises SignInRefused with the portal's own words, AnotherSession, AdapterMisfit or Transient.
        """

    def is_signed_in(self, tab: Tab) -> bool:
        """True only on proof that the session is good, from a page that needs one. May navigate."""

    def list_records(self, tab: Tab) -> Iterable[Record]:
        """Every record of the inventory, also those that a filter hides. May be a generator.

        The reference identifies a record for ever: it names task and document. Of records with the same
        reference the caller keeps the first and drops the others with a warning.
        """

    def fetch_document(self, tab: Tab, record: Record) -> Captured:
        """Get the record's document with ``tab.capture`` and return what that returned.

        The page is wherever the last verb left it; pop-ups are closed. The caller verifies the document (a
        whole PDF that opens, with the reference in it), so look only for what the portal says: raise
        Permanent when it has none for this record, SessionLost when it shows its sign-in page.
        """
