"""What belongs to the whole browser and not to a tab: the download folder, the cookies, a sign of life."""

from pathlib import Path
from typing import Any

from chrome_launcher.root_connection import RootConnection


def set_download_folder(
    root: RootConnection, folder: Path, *, events: bool = False, timeout_s: float = 5.0
) -> None:
    """Save downloads into ``folder`` under their GUID, for as long as this connection lives.

    Only the root connection may do this: the setting is browser-wide and dies with its client (C4, C5).
    ``events``: tell this connection of every download in every tab.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root.call(
        "Browser.setDownloadBehavior",
        {"behavior": "allowAndName", "downloadPath": str(folder.resolve()), "eventsEnabled": events},
        timeout_s=timeout_s,
    )


def get_cookies(root: RootConnection, *, timeout_s: float = 5.0) -> list[dict[str, Any]]:
    """All cookies, those of the session too. They are the login: keep them in memory, write them nowhere."""
    cookies = root.call("Storage.getCookies", timeout_s=timeout_s)["cookies"]
    return [dict(cookie) for cookie in cookies]


def set_cookies(root: RootConnection, cookies: list[dict[str, Any]], *, timeout_s: float = 5.0) -> None:
    """Give back what ``get_cookies`` returned. Raises CdpError when Chrome does not take one of them."""
    root.call(
        "Storage.setCookies", {"cookies": [_settable(cookie) for cookie in cookies]}, timeout_s=timeout_s
    )


def probe(root: RootConnection, timeout_s: float = 10.0) -> None:
    """Raises CdpTimeout or ConnectionLost when the browser process does not answer."""
    root.call("Browser.getVersion", timeout_s=timeout_s)


_SETTABLE = frozenset(
    (
        *("name", "value", "domain", "path", "secure", "httpOnly", "sameSite"),
        *("priority", "sourceScheme", "sourcePort", "partitionKey"),
    )
)


def _settable(cookie: dict[str, Any]) -> dict[str, Any]:
    """``Storage.getCookies`` returns more than ``setCookies`` takes, and -1 for "until Chrome ends"."""
    settable = {key: value for key, value in cookie.items() if key in _SETTABLE}
    if not cookie.get("session", False):
        settable["expires"] = cookie["expires"]
    return settable
