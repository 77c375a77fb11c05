"""Asks the portal itself whether the session holds, and leaves the page as it is: it is the evidence."""

from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_addresses import is_same_page
from tabworker.adapters.form_answer import page_in
from tabworker.adapters.form_page import FormPage
from tabworker.failures import PortalFailure, SessionLost


def ask_whether_signed_out(form: FormPage) -> None:
    """Raises SessionLost when the page shows it, else when the inventory's address leads to the sign-in form.

    For when something failed without a visible reason: a script that meets the sign-in page shows nothing of
    it. Only what is certain counts: a wrong guess would send the task round for ever, at no cost of attempts.
    """
    form.raise_if_signed_out()
    if not form.settings.needs_sign_in:
        return
    if form.settings.uses_frames:
        _look_at_inventory(form)
        return
    url = form.url(form.inventory_address())
    try:
        response = form.page.context.request.get(url, timeout=form.settings.step_timeout_s * 1000)
    except PlaywrightError:
        return  # no word from the portal is no word about the session
    try:
        form.raise_if_sign_in_address(response.url)
        led_elsewhere = not is_same_page(response.url, url)
        answer = page_in(response.body())
    finally:
        response.dispose()
    if answer is not None and answer.asks_for_password:
        raise SessionLost(f"signed out: {url} is a page titled {answer.title!r} that asks for a password")
    if led_elsewhere and form.settings.consent_selectors:
        _look_at_inventory(form)


def _look_at_inventory(form: FormPage) -> None:
    """A sign-in form in a frame and a consent page are known by what shows: here the evidence must go."""
    try:
        form.open_signed_in(form.inventory_address(), "ask about the session", "inventory_url")
        form.finish_loading()
        form.raise_if_signed_out()
    except SessionLost:
        raise
    except PortalFailure:
        return  # no word about the session: the failure that made us ask is the one to tell
