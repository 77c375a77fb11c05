"""Connects Playwright to one tab of the running Chrome, through that tab's own endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

from tabworker.endpoint import TabEndpoint

CONNECT_TIMEOUT_S = 15.0


class AttachError(Exception):
    """Playwright did not get exactly one tab."""


@dataclass(frozen=True)
class AttachedTab:
    """``browser`` is Playwright's view: it holds ``page`` and nothing else."""

    browser: Browser
    page: Page
    endpoint: TabEndpoint

    def detach(self) -> None:
        """Let go of the tab; Chrome and the tab live on. Pages of this Playwright are unusable afterwards."""
        self.endpoint.close()


def attach(
    playwright: Playwright,
    browser_ws_url: str,
    target_id: str,
    downloads_dir: Path,
    blocked_addresses: Sequence[str] = (),
    *,
    slow_mo_ms: float = 0.0,
) -> AttachedTab:
    """Attach to ``target_id``, also beside a tab that spins (HAZARDS C2).

    ``downloads_dir``: the folder that the supervisor's root connection set, where Chrome saves each download
    under its GUID. ``blocked_addresses``: patterns that the tab does not load. ``slow_mo_ms``: the wait
    before each action.
    Raises EndpointError, AttachError or Playwright's own error.
    """
    endpoint = TabEndpoint(browser_ws_url, target_id, downloads_dir, blocked_addresses)
    try:
        browser = playwright.chromium.connect_over_cdp(
            endpoint.start(),
            artifacts_dir=downloads_dir,
            is_local=True,
            slow_mo=slow_mo_ms,
            timeout=CONNECT_TIMEOUT_S * 1000,
        )
        pages = [page for context in browser.contexts for page in context.pages]
        if len(pages) != 1:
            raise AttachError(f"attached to {len(pages)} tabs instead of one, target {target_id}")
    except BaseException:
        endpoint.close()
        raise
    return AttachedTab(browser, pages[0], endpoint)
