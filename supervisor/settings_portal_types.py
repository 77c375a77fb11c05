"""How the values of [portal] are read: names of adapters, lists, places such as {ref} in a template."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from supervisor.settings_sections import entries

_PLACE = re.compile(r"\{([^{}]+)\}")
_IDENTIFIER = r"[^\W\d]\w*"


def places(*templates: str) -> set[str]:
    """The names in braces of all of them."""
    return {name for template in templates for name in _PLACE.findall(template)}


def _adapter(text: str) -> str:
    if text == "form" or re.fullmatch(rf"{_IDENTIFIER}(\.{_IDENTIFIER})*:{_IDENTIFIER}", text):
        return text
    raise ValueError("expected form, or module:Class of your own adapter")


def _json_path(text: str) -> str:
    """`$.items`, `items[0]` and `/items` are how others say it; here none of them leads anywhere."""
    pieces = text.split(".")
    if text and (pieces[0] == "$" or any(not piece.strip() or set(piece) & set("[]/") for piece in pieces)):
        raise ValueError("expected names or numbers with dots between them, as in data.items or files.0")
    return text


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


AdapterName = Annotated[str, AfterValidator(_adapter)]
JsonPath = Annotated[str, AfterValidator(_json_path)]
Entries = Annotated[tuple[str, ...], BeforeValidator(entries)]
EmptyIsNone = BeforeValidator(_none_if_empty)
