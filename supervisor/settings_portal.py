"""The keys of [portal]: the portal, its demo, what the form adapter must know (named as in FormSettings)."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from supervisor.settings_sections import Contradiction, Section, entries
from tabworker.adapters.form_settings import CaptureWay, FormSettings, InventoryWay

DEMO_URL = "demo"


def _url(text: str) -> str:
    if text == DEMO_URL:
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http://… or https://… with a host, or demo")
    if parts.username or parts.password:
        raise ValueError(
            "expected no user or password inside the address: set TABCREW_USERNAME and TABCREW_PASSWORD"
        )
    return text


def _adapter(text: str) -> str:
    if text == "form" or re.fullmatch(r"[\w.]+:\w+", text):
        return text
    raise ValueError("expected form, or module:Class of your own adapter")


def _path_or_none(value: object) -> object:
    return None if value == "" else value


class PortalSettings(Section):
    """One portal. Keys from sign_in_url on are read by the form adapter only."""

    adapter: Annotated[str, AfterValidator(_adapter)] = Field(
        "form",
        description="What knows the portal: form (the keys below, no code) or module:Class of your own.",
    )
    url: Annotated[str, AfterValidator(_url)] = Field(
        DEMO_URL, description="Address of the portal; demo starts the demo portal on this machine."
    )
    demo_records: int = Field(40, ge=0, le=100_000, description="Demo: records in its inventory.")
    demo_seed: int = Field(7, description="Demo: the same seed gives the same records and the same faults.")
    demo_latency_s: float = Field(0.3, ge=0, description="Demo: seconds it takes to make one document.")
    demo_delivery: Literal["mixed", "attachment", "inline", "new-tab", "post", "blob", "print"] = Field(
        "mixed", description="Demo: the way it hands documents out."
    )
    demo_faults: str = Field(
        "",
        description="Demo: misbehaviours and shares, hang=0.02,error=0.05; docs/reference/demo-portal.md.",
    )

    sign_in_url: str = Field(
        "/login", description="Page with the sign-in form; empty = the portal needs no sign-in."
    )
    username_selector: str = Field("input[name=username]", description="Field for the user name.")
    password_selector: str = Field("input[type=password]", description="Field for the password.")
    sign_in_button_selector: str = Field(
        "button[type=submit]", description="Button that sends the sign-in form."
    )
    sign_in_error_selector: str = Field(
        "[role=alert]", description="Where the portal says that it refused a sign-in."
    )
    signed_in_selector: str = Field(
        "", description="Something that only signed-in pages have: the proof of the session."
    )
    end_other_session_selector: str = Field(
        "", description="Button that ends the account's other session; empty = stop and say so."
    )
    consent_selectors: Annotated[tuple[str, ...], BeforeValidator(entries)] = Field(
        (), description="What to click, in this order, when a licence or cookie page shows after signing in."
    )
    inventory: InventoryWay = Field("csv_export", description="Where the list of records comes from.")
    inventory_url: str = Field("/", description="Page with the inventory.")
    clear_filters_selector: str = Field("", description="Button that clears filters which hide records.")
    export_selector: str = Field("", description="Link or button that exports the inventory as CSV.")
    table_row_selector: str = Field(
        "table tbody tr", description="A row of the inventory, for inventory = table."
    )
    next_page_selector: str = Field(
        "a[rel=next]", description="Link to the next page, for inventory = table."
    )
    inventory_file: Annotated[Path | None, BeforeValidator(_path_or_none)] = Field(
        None, description="CSV file of your own, for inventory = file; relative to this file."
    )
    reference_column: str = Field(
        "Reference", min_length=1, description="Column that holds a record's reference."
    )
    record_url: str = Field("", description="Page of a record; {ref} and {column name} stand for its values.")
    search_selector: str = Field("", description="Search box that finds a record, when record_url is empty.")
    record_link_selector: str = Field("", description="Link to the record among what the search found.")
    capture: CaptureWay = Field(
        "fetch", description="How to get the document; fetch costs least, click copes with most."
    )
    document_url: str = Field(
        "", description="Address of a document, for capture = fetch; {ref} as in record_url."
    )
    document_selector: str = Field(
        "", description="What to click for the document, for capture = click or download."
    )
    no_document_text: str = Field("", description="Text by which a record says that it has no document.")
    reference_in_document: bool = Field(
        True, description="Refuse a document that does not contain the reference."
    )
    step_timeout_s: float = Field(30, gt=0, description="Seconds that one step on a page may take.")

    @property
    def is_demo(self) -> bool:
        return self.url == DEMO_URL

    @property
    def host(self) -> str:
        """The portal's host and port, for people and for the keyring; ``demo`` for the demo portal."""
        return DEMO_URL if self.is_demo else urlsplit(self.url).netloc

    def form(self, base_url: str) -> FormSettings:
        """These settings for the form adapter, with the address at which the portal really listens."""
        names = [
            field.name for field in dataclasses.fields(FormSettings) if field.name in type(self).model_fields
        ]
        values: dict[str, Any] = {name: getattr(self, name) for name in names}
        return FormSettings(**values | {"url": base_url})

    def contradictions(self) -> Iterator[Contradiction]:
        if self.adapter != "form":
            return
        yield from self._sign_in_contradictions()
        yield from self._inventory_contradictions()
        yield from self._document_contradictions()

    def _sign_in_contradictions(self) -> Iterator[Contradiction]:
        if not self.sign_in_url:
            return
        for key in (
            "username_selector",
            "password_selector",
            "sign_in_button_selector",
            "signed_in_selector",
        ):
            if not getattr(self, key):
                yield Contradiction(
                    key, "must not be empty while sign_in_url is set: the form adapter needs it to sign in"
                )

    def _inventory_contradictions(self) -> Iterator[Contradiction]:
        needed = {"csv_export": "export_selector", "table": "table_row_selector", "file": "inventory_file"}[
            self.inventory
        ]
        if not getattr(self, needed):
            yield Contradiction(needed, f"must not be empty with inventory = {self.inventory}")
        if self.inventory == "file" and self.inventory_file and not self.inventory_file.is_file():
            yield Contradiction("inventory_file", "no such file")
        if self.inventory != "file" and not self.inventory_url:
            yield Contradiction("inventory_url", f"must not be empty with inventory = {self.inventory}")

    def _document_contradictions(self) -> Iterator[Contradiction]:
        for key in ("record_url", "document_url"):
            address = getattr(self, key)
            if address and not re.search(r"\{[^{}]+\}", address):
                yield Contradiction(
                    key, "must hold {ref} or {column name}, or every record would get the same document"
                )
        if self.capture == "fetch":
            if not self.document_url:
                yield Contradiction("document_url", "must not be empty with capture = fetch")
            return
        if not self.record_url and not self.search_selector:
            yield Contradiction(
                "record_url", f"must not be empty with capture = {self.capture} unless search_selector is set"
            )
        if self.capture != "print" and not self.document_selector:
            yield Contradiction("document_selector", f"must not be empty with capture = {self.capture}")
