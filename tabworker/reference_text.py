"""Whether a text names a reference, however a PDF breaks and spells it. Pure.

Typesetting changes what a portal prints: lines break anywhere in a long cell, hyphens become dashes,
ligatures and full-width letters appear, pictographs vanish. Case is kept: two references may differ in
nothing else.
"""

import re
import unicodedata
from functools import lru_cache

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_UNPRINTED = {"Cc", "Cf", "Cn", "Co", "Cs", "So", "Sk", "Mn"}
"""Categories that fonts lack or that a text layer drops: control characters, pictographs, lone modifiers."""


def searchable(reference: str) -> str:
    """The characters of a reference that can be found in a text, without white space."""
    normal = unicodedata.normalize("NFKC", reference).translate(_DASHES)
    return "".join(
        char for char in normal if not char.isspace() and unicodedata.category(char) not in _UNPRINTED
    )


def names_reference(text: str, reference: str) -> bool:
    """True when ``text`` holds the reference, and not merely a longer one that contains it (V-1 in V-12)."""
    normal = unicodedata.normalize("NFKC", text.replace("\u00ad", "")).translate(_DASHES)
    return _pattern(reference).search(normal) is not None


@lru_cache(maxsize=64)
def _pattern(reference: str) -> re.Pattern[str]:
    found = searchable(reference)
    if not found:
        raise ValueError(f"the reference {reference!r} has nothing to search for")
    before = r"(?<!\w)" if found[0].isalnum() else ""
    after = r"(?!\w)" if found[-1].isalnum() else ""
    # What the text layer drops may still stand in the text of one PDF and not of another: any of it may lie
    # between.
    gap = r"[\s\x00-\x1f\x7f-\x9f\ufffe\uffff\U00010000-\U0010ffff]*"
    return re.compile(before + gap.join(re.escape(char) for char in found) + after)
