"""The keys of [portal] by which the form adapter lists the inventory."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from supervisor.settings_addresses import PageAddress
from supervisor.settings_portal_types import EmptyIsNone, JsonPath, places
from supervisor.settings_sections import Contradiction, Section
from supervisor.settings_selectors import Selector, Selectors
from tabworker.adapters.form_settings import InventoryWay, Paging

_NEEDED = {
    "csv_export": "export_selector",
    "table": "table_row_selector",
    "json": "json_url",
    "file": "inventory_file",
}
_PAGE_PLACES = {"page", "offset"}


class InventoryKeys(Section):
    """Part of PortalSettings."""

    inventory: InventoryWay = Field(
        "csv_export",
        description="Where the list of records comes from: an export (CSV or a workbook), a table on the "
        "portal's pages, its JSON, or a file of your own.",
    )
    inventory_url: PageAddress = Field(
        "/",
        description="Page with the inventory, and where the session is proven; {page} or {offset} with "
        "paging = number.",
    )
    inventory_menu_selectors: Selectors = Field(
        (), description="What to click there, in this order, until the inventory shows."
    )
    clear_filters_selector: Selector = Field("", description="Button that clears filters which hide records.")
    export_selector: Selector = Field(
        "", description="Link or button that exports the inventory as CSV or as a workbook (xlsx)."
    )
    table_row_selector: Selector = Field(
        "table tbody tr", description="A row of the inventory, for inventory = table."
    )
    paging: Paging = Field(
        "next",
        description="How a table goes on: a link or button to the next page, one that loads more rows, "
        "scrolling, or the page's number in inventory_url.",
    )
    next_page_selector: Selector = Field(
        "a[rel=next]",
        description="Link or button to the next page or to more rows; for paging = next or load_more.",
    )
    first_page: int = Field(
        1, ge=0, description="Number of the first page, where {page} stands in inventory_url or json_url."
    )
    count_selector: Selector = Field(
        "",
        description="Where the portal says how many records a table has: fewer than that are not taken "
        "for all.",
    )
    json_url: PageAddress = Field(
        "",
        description="Address of the inventory as JSON, for inventory = json; {page}, {offset} or {cursor} "
        "stand for the place in it.",
    )
    json_records_path: JsonPath = Field(
        "",
        description="Where the list is in that JSON, as in data.items; empty = the answer is the list.",
    )
    json_next_path: JsonPath = Field(
        "",
        description="Where that JSON names the next page's address, or the {cursor} that json_url asks for.",
    )
    token_key: str = Field(
        "",
        description="Key in the page's localStorage, as in auth.token, of what the portal's scripts send as "
        "Authorization: Bearer; for json_url, and for documents of capture = fetch on the portal's own host.",
    )
    inventory_file: Annotated[Path | None, EmptyIsNone] = Field(
        None,
        description="CSV file, workbook (xlsx) or text file (.txt, a reference a line) of your "
        "own, for inventory = file; relative to this file.",
    )
    reference_column: str = Field(
        "Reference", min_length=1, description="Column, or name in the JSON, that holds a record's reference."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        yield from super().contradictions()
        needed = _NEEDED[self.inventory]
        if not getattr(self, needed):
            yield Contradiction(needed, f"must not be empty with inventory = {self.inventory}")
        # Path.is_file raises for a name that is too long; no such file it is all the same.
        if self.inventory == "file" and self.inventory_file and not os.path.isfile(self.inventory_file):  # noqa: PTH113
            yield Contradiction("inventory_file", "must be a file, and there is none of that name")
        if self.inventory != "file" and not self.inventory_url:
            yield Contradiction("inventory_url", f"must not be empty with inventory = {self.inventory}")
        yield from self._paging_contradictions()
        yield from self._json_contradictions()

    def _paging_contradictions(self) -> Iterator[Contradiction]:
        by_number = self.inventory == "table" and self.paging == "number"
        has_place = bool(places(self.inventory_url) & _PAGE_PLACES)
        if by_number and not has_place:
            yield Contradiction("inventory_url", "must hold {page} or {offset} with paging = number")
        if has_place and not by_number:
            yield Contradiction(
                "inventory_url", "holds {page} or {offset}, which needs inventory = table and paging = number"
            )
        if self.inventory == "table" and self.paging == "load_more" and not self.next_page_selector:
            yield Contradiction("next_page_selector", "must not be empty with paging = load_more")

    def _json_contradictions(self) -> Iterator[Contradiction]:
        if self.inventory != "json":
            return
        unknown = sorted(places(self.json_url) - _PAGE_PLACES - {"cursor"})
        if unknown:
            yield Contradiction(
                "json_url", f"may hold {{page}}, {{offset}} or {{cursor}}, but not {{{unknown[0]}}}"
            )
        if "cursor" in places(self.json_url) and not self.json_next_path:
            yield Contradiction("json_next_path", "must not be empty while {cursor} stands in json_url")
