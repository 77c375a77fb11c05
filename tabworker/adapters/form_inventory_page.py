"""Opens the page of the inventory: through its menu, with the filters cleared that would hide records."""

from loguru import logger
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tabworker.adapters.form_page import FormPage

_FILTERS_GONE_WITHIN_MS = 5000


def open_inventory(form: FormPage) -> None:
    """Open the inventory page and clear the filters that would hide records."""
    settings = form.settings
    form.open_signed_in(form.inventory_address(), "open the inventory", "inventory_url")
    form.click_through(settings.inventory_menu_selectors, "inventory_menu_selectors")
    selector = settings.clear_filters_selector
    if not form.shows(selector):
        form.raise_if_signed_out()
        return
    form.step("clear the filters")
    form.click(form.visible(selector), "clear_filters_selector")
    try:
        form.visible(selector).wait_for(state="hidden", timeout=_FILTERS_GONE_WITHIN_MS)
    except PlaywrightTimeout:
        logger.bind(event="filters_remain").warning(
            "[portal] clear_filters_selector = {} is still there after it was clicked: records may be hidden",
            selector,
        )
    form.finish_loading()
