"""What the form adapter must be told about the demo portal: the values that settings.ini ships.

They stand in for keys that are not given while ``url = demo``. All other keys, and any other portal, have
FormSettings' defaults.
"""

DEMO_FORM: dict[str, str] = {
    "sign_in": "form",
    "sign_in_url": "/login",
    "username_selector": "#username",
    "password_selector": "#password",
    "sign_in_button_selector": "button[type=submit]",
    "totp_selector": "",
    "sign_in_error_selector": "[role=alert]",
    "signed_in_selector": "#account-menu",
    "end_other_session_selector": "#end-other-session",
    "consent_selectors": "#accept-licence, #continue",
    "inventory": "csv_export",
    "inventory_url": "/inventory",
    "clear_filters_selector": "#clear-filters",
    "export_selector": "#export-csv",
    "table_row_selector": "table#inventory tbody tr",
    "next_page_selector": "a[rel=next]",
    "inventory_file": "",
    "reference_column": "Reference",
    "record_url": "/records/{ref}",
    "search_selector": "input[name=q]",
    "record_link_selector": "table#inventory tbody tr a",
    # A click, although fetch costs less: the demo hands documents out in five ways, and a click meets all.
    "capture": "click",
    "document_url": "/records/{ref}/report.pdf",
    "document_selector": "#get-report",
    "no_document_text": "No report available for this record.",
    "reference_in_document": "true",
    "step_timeout_s": "30",
}
