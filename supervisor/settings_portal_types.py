"""How the values of [portal] are read: addresses, lists of selectors, places such as {ref} in a template."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from supervisor.settings_sections import entries

DEMO_URL = "demo"

_PLACE = re.compile(r"\{([^{}]+)\}")


def places(*templates: str) -> set[str]:
    """The names in braces of all of them."""
    return {name for template in templates for name in _PLACE.findall(template)}


def _url(text: str) -> str:
    if text == DEMO_URL:
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http://… or https://… with a host, or demo")
    if parts.username or parts.password:
        raise ValueError(
            "expected no user or password inside the address: set TABCREW_USERNAME and TABCREW_PASSWORD"
        )
    return text


def _adapter(text: str) -> str:
    if text == "form" or re.fullmatch(r"[\w.]+:\w+", text):
        return text
    raise ValueError("expected form, or module:Class of your own adapter")


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


PortalUrl = Annotated[str, AfterValidator(_url)]
AdapterName = Annotated[str, AfterValidator(_adapter)]
Entries = Annotated[tuple[str, ...], BeforeValidator(entries)]
EmptyIsNone = BeforeValidator(_none_if_empty)
