"""How addresses in the settings are judged: the portal's own, and those of pages on it. Asks no network."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

DEMO_URL = "demo"

_HOST = re.compile(r"\w([\w-]*\w)?(\.\w([\w-]*\w)?)*\.?")
"""Letters of any script and underscores too: company networks have such names."""

_PLACE_OR_STAR = re.compile(r"\{[^{}]+\}|\*")
_NO_SECRETS = "expected no user or password inside the address: set TABCREW_USERNAME and TABCREW_PASSWORD"


def _portal_url(text: str) -> str:
    if text == DEMO_URL:
        return text
    expected = "expected http://… or https://… with a host, or demo"
    if "://" not in text:
        raise ValueError(expected)
    _check_web_address(text, expected)
    return text


def _page_address(text: str) -> str:
    """A path, or a whole address; places in braces and stars stand for anything."""
    stood_in = _PLACE_OR_STAR.sub("1", text)
    # `localhost:8080/x` too: to every browser what stands before the colon is a scheme.
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", stood_in):
        expected = "expected a path on the portal, as in /login, or a whole address, http://… or https://…"
        with_scheme = f"https:{stood_in}" if stood_in.startswith("//") else stood_in
        _check_web_address(with_scheme, expected)
    return text


def _check_web_address(text: str, expected: str) -> None:
    """Raises ValueError with ``expected`` when no browser could open it."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.port != 0 and _is_host(parts)
    except ValueError:  # of a port that is none, or of brackets that hold no IPv6 address
        good = False
    if not good:
        raise ValueError(expected)
    if parts.username or parts.password:
        raise ValueError(_NO_SECRETS)


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if ":" in host:
        ipaddress.IPv6Address(host)
        return True
    return _HOST.fullmatch(host) is not None


PortalUrl = Annotated[str, AfterValidator(_portal_url)]
PageAddress = Annotated[str, AfterValidator(_page_address)]
