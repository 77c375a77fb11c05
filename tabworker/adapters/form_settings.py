"""The settings of the form adapter: a portal described without code. Read from [portal] of settings.ini."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

InventoryWay = Literal["csv_export", "table", "file"]
CaptureWay = Literal["fetch", "click", "print", "download"]


@dataclass(frozen=True, kw_only=True)
class FormSettings:
    """URLs may be relative to ``url``; ``{ref}`` and ``{column name}`` stand for the record's own values.

    Selectors are Playwright's (``#id``, ``text=…``, ``role=button[name="…"]``). An empty text means
    "this portal has no such thing".
    """

    url: str

    sign_in_url: str = "/login"
    username_selector: str = "input[name=username]"
    password_selector: str = "input[type=password]"
    sign_in_button_selector: str = "button[type=submit]"
    sign_in_error_selector: str = "[role=alert]"
    signed_in_selector: str = ""
    end_other_session_selector: str = ""
    consent_selectors: tuple[str, ...] = ()

    inventory: InventoryWay = "csv_export"
    inventory_url: str = "/"
    clear_filters_selector: str = ""
    export_selector: str = ""
    table_row_selector: str = "table tbody tr"
    next_page_selector: str = "a[rel=next]"
    inventory_file: Path | None = None
    reference_column: str = "Reference"

    record_url: str = ""
    search_selector: str = ""
    record_link_selector: str = ""

    capture: CaptureWay = "fetch"
    document_url: str = ""
    document_selector: str = ""
    no_document_text: str = ""
    reference_in_document: bool = True

    step_timeout_s: float = 30.0
