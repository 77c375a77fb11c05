"""A worker's way to Chrome as one writes it at first: plain ``connect_over_cdp`` (HAZARDS C1–C5)."""

from pathlib import Path

from playwright.sync_api import Page, Playwright


def plain_attach(playwright: Playwright, browser_ws_url: str, downloads: Path, timeout_s: float = 30) -> Page:
    """A new tab of a client that sees, and is seen by, all others."""
    browser = playwright.chromium.connect_over_cdp(
        browser_ws_url, artifacts_dir=downloads, is_local=True, timeout=timeout_s * 1000
    )
    return browser.contexts[0].new_page()
