"""Keeps fonts and media from loading by a list that Chrome holds: no round trip per request (HAZARDS C8)."""

from playwright.sync_api import CDPSession, Page

BLOCKED_ENDINGS = (
    "woff", "woff2", "ttf", "otf", "eot",
    "mp4", "webm", "ogv", "mov", "m3u8", "mp3", "ogg", "wav", "m4a",
)  # fmt: skip
"""Images are not among them: a Chrome switch turns those off for all tabs, which is cheaper still."""


def block_resources(page: Page) -> CDPSession:
    """Block them on this page for as long as the returned session lives; it ends with the page."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    urls = [f"*://*/*.{ending}{rest}" for ending in BLOCKED_ENDINGS for rest in ("", "?*")]
    session.send("Network.setBlockedURLs", {"urls": urls})
    return session
