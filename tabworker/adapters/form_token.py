"""Takes the token that a portal's scripts send from where they keep it. It is never logged."""

import json
import re
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_json_items import value_at
from tabworker.adapters.form_page import FormPage
from tabworker.failures import AdapterMisfit, Transient
from tabworker.request_headers import is_same_origin

_READ_STORES = r"""
(_, keys) => {
  const read = (store, key) => { try { return store.getItem(key); } catch { return null; } };
  const stores = [window.localStorage, window.sessionStorage];
  for (const key of keys) for (const store of stores) {
    const text = read(store, key);
    if (text) return {key, text, names: []};
  }
  return {key: "", text: "", names: stores.flatMap(store => Object.keys(store)).slice(0, 40)};
}
"""
_READ_WITHIN_MS = 5000
_LOOK_AGAIN_MS = 200


def authorization_for(form: FormPage, address: str) -> str:
    """The header Authorization for the request of a document; empty without ``token_key``, and for another
    host than the portal's own.

    Read anew for each document, as scripts or a new sign-in may have renewed it, from whatever page of the
    portal the tab shows: a fetched document leaves that page as it is, so that only a tab's first one loads a
    page for this.
    """
    settings = form.settings
    if not settings.token_key or not is_same_origin(address, settings.url):
        return ""
    if is_same_origin(form.page.url, settings.url):
        token, _ = _look(form)
        if token:
            return token
    # A page that was open before may not know yet that another tab has been signed out: ask the portal.
    form.open_signed_in(form.inventory_address(), "read the token", "inventory_url")
    if not is_same_origin(form.page.url, settings.url):
        form.raise_if_signed_out()
        raise AdapterMisfit(
            f"[portal] token_key is read from pages of [portal] url = {settings.url}, but inventory_url led "
            f"elsewhere {form.where()}"
        )
    return authorization(form)


def authorization(form: FormPage) -> str:
    """The header Authorization with ``token_key`` of the page that is open; empty when the setting is.

    Waited for: a page that has just been opened may renew its token first.
    """
    setting = form.settings.token_key
    if not setting:
        return ""
    for _ in range(max(1, int(form.tab.remaining_s * 1000 / _LOOK_AGAIN_MS / 3))):
        token, found = _look(form)
        if token:
            return token
        if form.shows_obstacle():
            form.raise_if_signed_out()
        form.page.wait_for_timeout(_LOOK_AGAIN_MS)
    form.raise_if_signed_out()
    names = ", ".join(repr(str(name)[:80]) for name in found["names"]) or "nothing"
    raise AdapterMisfit(
        f"[portal] token_key = {setting} leads to no token in localStorage or sessionStorage "
        f"{form.where()}; "
        + (f"{found['key']!r} holds something else" if found["key"] else f"it has {names}")
    )


def _look(form: FormPage) -> tuple[str, dict[str, Any]]:
    """The header, if the page has its token now, and what the page keeps."""
    setting = form.settings.token_key
    found = _read(form, setting)
    text = _token_in(found["text"], setting.removeprefix(found["key"]).lstrip("."))
    token = re.sub(r"^bearer\s+", "", text, flags=re.IGNORECASE)
    if not token:
        return "", found
    form.tab.keep_secret(token)
    return f"Bearer {token}", found


def _read(form: FormPage, setting: str) -> dict[str, Any]:
    """The stored text of the longest part of the setting that is a key: keys may have dots themselves."""
    pieces = setting.split(".")
    keys = [".".join(pieces[:length]) for length in range(len(pieces), 0, -1)]
    try:
        found: dict[str, Any] = form.locate(":root").evaluate(_READ_STORES, keys, timeout=_READ_WITHIN_MS)
    except PlaywrightError as error:
        raise Transient(f"the page's localStorage cannot be read {form.where()}") from error
    return found


def _token_in(text: str, path: str) -> str:
    """The token in a stored text, which may be JSON around it. Empty when there is none that can be sent."""
    try:
        found: Any = value_at(json.loads(text), path)
    except (ValueError, RecursionError):
        found = text if not path else None
    if not isinstance(found, str):
        found = text if not path and not text.startswith(("{", "[")) else ""
    return found if found.isascii() and found.isprintable() else ""
