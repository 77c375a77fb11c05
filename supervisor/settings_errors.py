"""What is wrong with the settings, all of it at once, in words that say where to change what."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_VALUE_SHOWN = 80


@dataclass(frozen=True)
class Problem:
    """``where``: what to change (file, variable, flag; section, key). ``found``: the value as read."""

    where: str
    expected: str
    found: str | None = None

    def __str__(self) -> str:
        shown = "" if self.found is None else f" = {shown_value(self.found)}"
        return f"{self.where}{shown}: {self.expected}"


class SettingsError(Exception):
    """The settings are refused. ``problems`` holds every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        noun = "problem" if len(problems) == 1 else "problems"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"{len(problems)} {noun} in the settings, nothing was started:{lines}")
        self.problems = tuple(problems)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be, if one is near enough."""
    by_lower_case = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[found[0]] if found else None


def shown_value(text: str) -> str:
    """``text`` in quotes, cut to fit a line, control characters escaped, an address's password hidden."""
    text = re.sub(r"//[^/\s]*@", "//***@", text)
    cut = text if len(text) <= LONGEST_VALUE_SHOWN else text[: LONGEST_VALUE_SHOWN - 1] + "…"
    return repr(cut)
