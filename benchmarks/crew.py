"""The workers that are measured: Tabcrew's own attach and adapter, and the same without the tab endpoint."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabworker.adapters.form_settings import FormSettings


@dataclass(frozen=True)
class CrewMember:
    """A worker process and the pipe to it: it says "ready", takes numbers of records, and says "done" to
    each.
    """

    process: Any
    talk: Any


def crew_member(
    talk: Any,
    browser_ws_url: str,
    target_id: str | None,
    downloads: Path,
    settings: FormSettings,
    signs_in: bool,
) -> None:
    """A worker. ``target_id`` None: the naive one, attached to the whole browser in a tab that it opens
    itself.
    """
    from playwright.sync_api import sync_playwright

    from tabworker.adapters.form import FormAdapter
    from tabworker.attach import attach
    from tabworker.messages import Credentials
    from tabworker.resource_blocking import blocked_addresses
    from tabworker.tab import Tab
    from tests.naive.attach import plain_attach
    from tests.support.portal import PASSWORD, USERNAME

    with sync_playwright() as playwright:
        if target_id is None:
            page = plain_attach(playwright, browser_ws_url, downloads)
        else:
            blocked = blocked_addresses(("media",))
            page = attach(playwright, browser_ws_url, target_id, downloads, blocked).page
        tab = Tab(page, downloads_dir=downloads, on_step=lambda _name, _within_s: None)
        if signs_in:
            FormAdapter(settings).sign_in(tab, Credentials(USERNAME, PASSWORD))
        _fetch(tab, settings, 0)
        talk.send("ready")
        while True:
            _fetch(tab, settings, talk.recv())
            talk.send("done")


def ref_of(number: int) -> str:
    """The record that a number stands for, of the 200 that the portal has."""
    return f"V-{number % 200 + 1:04}"


def _fetch(tab: Any, settings: FormSettings, number: int) -> None:
    ref = ref_of(number)
    tab.destination = tab.destination.with_name(f"{os.getpid()}.pdf")
    tab.step("open record")
    tab.page.goto(f"{settings.url}/records/{ref}", wait_until="domcontentloaded")
    tab.capture.fetch(f"{settings.url}/records/{ref}/report.pdf")
