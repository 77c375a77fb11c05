"""The keys of [portal] by which the form adapter reaches a record and gets its documents."""

from collections.abc import Iterator

from pydantic import Field

from supervisor.settings_addresses import PageAddress
from supervisor.settings_portal_types import Entries, places
from supervisor.settings_sections import Contradiction, Section
from supervisor.settings_selectors import Selector, Selectors
from tabworker.adapters.form_settings import CaptureWay

_ONE_OF_SEVERAL = {"document", "n"}


class DocumentKeys(Section):
    """Part of PortalSettings."""

    record_url: PageAddress = Field(
        "",
        description="Page of a record; {ref} and {column name} stand for its values, {link} for the first "
        "link of its row in a table.",
    )
    search_url: PageAddress = Field(
        "", description="Page that shows what the search for {ref} finds, when record_url is empty."
    )
    search_selector: Selector = Field(
        "", description="Search box that finds a record, when record_url and search_url are empty."
    )
    record_link_selector: Selector = Field("", description="Link to the record among what the search found.")
    capture: CaptureWay = Field(
        "fetch", description="How to get the document; fetch costs least, click copes with most."
    )
    document_url: PageAddress = Field(
        "", description="Address of a document, for capture = fetch; {ref} as in record_url."
    )
    document_menu_selectors: Selectors = Field(
        (), description="What to click on the record's page, in this order, until document_selector shows."
    )
    document_selector: Selector = Field(
        "",
        description="What to click for the document; with capture = fetch and no document_url, what links "
        "to it.",
    )
    document_names: Entries = Field(
        (),
        description="Names of a record's documents when each record has several: each is a task of its own, "
        "and {document} stands for its name, {n} for its number.",
    )
    documents_selector: Selector = Field(
        "",
        description="Links to a record's documents when nobody knows how many: each becomes a task while "
        "the inventory is listed, which opens every record once; instead of document_selector.",
    )
    task_name: str = Field(
        "",
        description="Name of a task and its file; empty = {ref}, or {ref}-{document} where a record has "
        "several documents. {column name} stands for a value.",
    )
    no_document_text: str = Field("", description="Text by which a record says that it has no document.")
    reference_in_document: bool = Field(
        True, description="Refuse a document that does not contain the reference."
    )
    step_timeout_s: float = Field(30, gt=0, description="Seconds that one step on a page may take.")

    def contradictions(self) -> Iterator[Contradiction]:
        yield from super().contradictions()
        yield from self._address_contradictions()
        yield from self._capture_contradictions()
        yield from self._several_contradictions()

    def _address_contradictions(self) -> Iterator[Contradiction]:
        names_record = bool(places(self.document_selector, *self.document_menu_selectors))
        for key in ("record_url", "search_url", "document_url"):
            address = getattr(self, key)
            if address and not places(address) and not (key == "record_url" and names_record):
                yield Contradiction(
                    key, "must hold {ref} or {column name}, or every record would get the same document"
                )

    def _capture_contradictions(self) -> Iterator[Contradiction]:
        control = self.document_selector or self.documents_selector
        if self.capture == "fetch":
            if self.document_url:
                return
            if not control:
                yield Contradiction(
                    "document_url",
                    "must not be empty with capture = fetch unless document_selector names a link to it",
                )
                return
        if not (self.record_url or self.search_url or self.search_selector):
            yield Contradiction(
                "record_url",
                f"must not be empty with capture = {self.capture} "
                "unless search_url or search_selector is set",
            )
        if self.capture != "print" and not control:
            yield Contradiction("document_selector", f"must not be empty with capture = {self.capture}")

    def _several_contradictions(self) -> Iterator[Contradiction]:
        if self.documents_selector:
            if self.document_names:
                yield Contradiction("document_names", "must be empty while documents_selector is set")
            if not (self.record_url or self.search_url or self.search_selector):
                yield Contradiction("record_url", "must not be empty while documents_selector is set")
        elif self.document_names and not self._told_apart():
            yield Contradiction(
                "document_names",
                "needs {document} or {n} in the address or selector of the document, "
                "or all of a record's would be the same",
            )
        again = [
            name for place, name in enumerate(self.document_names) if name in self.document_names[:place]
        ]
        if again and "n" not in places(self.task_name):
            yield Contradiction(
                "document_names",
                f"must not hold {again[0]!r} twice unless {{n}} stands in task_name: "
                "both documents would have one name",
            )
        several = self.document_names or self.documents_selector
        if self.task_name and several and not places(self.task_name) & _ONE_OF_SEVERAL:
            yield Contradiction(
                "task_name", "must hold {document} or {n}, or all documents of a record would have one name"
            )
        if self.task_name and not places(self.task_name):
            yield Contradiction("task_name", "must hold {ref} or {column name}, or all would have one name")

    def _told_apart(self) -> bool:
        templates = (
            (self.document_url,)
            if self.capture == "fetch" and self.document_url
            else (self.record_url, self.document_selector, *self.document_menu_selectors)
        )
        return bool(places(*templates) & _ONE_OF_SEVERAL)
