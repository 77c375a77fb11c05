"""What this job's pages do not load. Pure."""

from supervisor.settings_sections import ChromeSettings

_SEEN_IN_PRINT = frozenset(("image", "font", "stylesheet"))


def blocked_types(chrome: ChromeSettings, capture: str) -> frozenset[str]:
    """The resource types to block. A printed page shows what it loads; every other way of capture takes a
    file that holds its own images and fonts.
    """
    if not chrome.block_resources:
        return frozenset()
    types: frozenset[str] = frozenset(chrome.block_types)
    return types - _SEEN_IN_PRINT if capture == "print" else types


def blocked_hosts(chrome: ChromeSettings) -> tuple[str, ...]:
    """Each with everything below it."""
    return chrome.block_hosts if chrome.block_resources else ()
