"""All tabs in one asyncio process, as Playwright is commonly used: what isolation may not cost more than
(DESIGN §13). One hung page, crash or leak of it is everybody's, and nobody can be killed for it.
"""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, async_playwright

from benchmarks.crew import ref_of
from tabworker.adapters.form_settings import FormSettings
from tests.support.portal import PASSWORD, USERNAME


def one_process(talks: list[Any], browser_ws_url: str, downloads: Path, settings: FormSettings) -> None:
    """A process with a tab for each pipe of ``talks``; what is said over them is what a crew member says."""
    asyncio.run(_drive(talks, browser_ws_url, downloads, settings))


async def _drive(talks: list[Any], browser_ws_url: str, downloads: Path, settings: FormSettings) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(
            browser_ws_url, artifacts_dir=downloads, is_local=True
        )
        context = browser.contexts[0]
        pages = [await context.new_page() for _ in talks]
        await _sign_in(pages[0], settings)
        await asyncio.gather(
            *(
                _serve(talk, context, page, settings, downloads / f"tab-{number}.pdf")
                for number, (talk, page) in enumerate(zip(talks, pages, strict=True))
            )
        )


async def _sign_in(page: Page, settings: FormSettings) -> None:
    await page.goto(f"{settings.url}{settings.sign_in_url}")
    await page.fill(settings.username_selector, USERNAME)
    await page.fill(settings.password_selector, PASSWORD)
    await page.click(settings.sign_in_button_selector)
    elsewhere = page.locator(settings.end_other_session_selector)  # the crew measured before is signed in
    await elsewhere.or_(page.locator(settings.consent_selectors[0])).wait_for()
    if await elsewhere.is_visible():
        await elsewhere.click()
    for selector in settings.consent_selectors:
        await page.click(selector)
    await page.wait_for_selector(settings.signed_in_selector)


async def _serve(
    talk: Any, context: BrowserContext, page: Page, settings: FormSettings, destination: Path
) -> None:
    await _fetch(context, page, settings, 0, destination)
    talk.send("ready")
    while True:
        await _fetch(context, page, settings, await _number(talk), destination)
        talk.send("done")


async def _number(talk: Any) -> int:
    """The next number from a pipe, without a thread for it."""
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(talk.fileno(), readable.set_result, None)
    try:
        await readable
    finally:
        loop.remove_reader(talk.fileno())
    return int(talk.recv())


async def _fetch(
    context: BrowserContext, page: Page, settings: FormSettings, number: int, destination: Path
) -> None:
    record = f"{settings.url}/records/{ref_of(number)}"
    await page.goto(record, wait_until="domcontentloaded")
    response = await context.request.get(f"{record}/report.pdf")
    destination.write_bytes(await response.body())
    await response.dispose()
