"""The settings of the form adapter: a portal described without code. Read from [portal] of settings.ini."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

InventoryWay = Literal["csv_export", "table", "json", "file"]
Paging = Literal["next", "load_more", "scroll", "number"]
CaptureWay = Literal["fetch", "click", "print", "download"]
SignInWay = Literal["form", "manual", "none"]


@dataclass(frozen=True, kw_only=True)
class FormSettings:
    """URLs may be relative to ``url``; ``{ref}`` and ``{column name}`` stand for the record's own values.

    Selectors are those of form_selectors (Playwright's, and ``frame=…``, ``label=…``). An empty text means
    "this portal has no such thing".
    """

    url: str

    sign_in: SignInWay = "form"
    sign_in_url: str = "/login"
    username_selector: str = "input[name=username]"
    sign_in_next_selector: str = ""
    password_selector: str = "input[type=password]"
    sign_in_button_selector: str = "button[type=submit]"
    totp_selector: str = ""
    sign_in_error_selector: str = "[role=alert]"
    signed_in_selector: str = ""
    signed_in_url: str = ""
    end_other_session_selector: str = ""
    consent_selectors: tuple[str, ...] = ()

    inventory: InventoryWay = "csv_export"
    inventory_url: str = "/"
    inventory_menu_selectors: tuple[str, ...] = ()
    clear_filters_selector: str = ""
    export_selector: str = ""
    table_row_selector: str = "table tbody tr"
    paging: Paging = "next"
    next_page_selector: str = "a[rel=next]"
    first_page: int = 1
    count_selector: str = ""
    json_url: str = ""
    json_records_path: str = ""
    json_next_path: str = ""
    token_key: str = ""
    inventory_file: Path | None = None
    reference_column: str = "Reference"

    record_url: str = ""
    search_url: str = ""
    search_selector: str = ""
    record_link_selector: str = ""

    capture: CaptureWay = "fetch"
    document_url: str = ""
    document_menu_selectors: tuple[str, ...] = ()
    document_selector: str = ""
    document_names: tuple[str, ...] = ()
    documents_selector: str = ""
    task_name: str = ""
    no_document_text: str = ""
    reference_in_document: bool = True

    step_timeout_s: float = 30.0

    @property
    def needs_sign_in(self) -> bool:
        """A form needs its page; a person may be led to it by the portal itself."""
        return self.sign_in == "manual" or (self.sign_in == "form" and bool(self.sign_in_url))

    @property
    def uses_frames(self) -> bool:
        """Whether any selector looks into a frame."""
        values = (getattr(self, field.name) for field in fields(self) if "selector" in field.name)
        return any(
            one.lstrip().startswith("frame=")
            for value in values
            for one in (value if isinstance(value, tuple) else (value,))
        )
