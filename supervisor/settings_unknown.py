"""Keys and sections that do not exist: each is refused, with the one that was probably meant."""

import re
from collections.abc import Iterator, Sequence

from supervisor.settings_errors import Problem, nearest
from supervisor.settings_model import SECTIONS
from supervisor.settings_sources import Given

_SECRET = re.compile(r"pass|secret|token|^user|^login|credential", re.IGNORECASE)
_SECRET_HINT = (
    "secrets do not belong here: set TABCREW_USERNAME and TABCREW_PASSWORD in the environment or in .env, "
    "or keep them in the keyring of your system"
)


def sort_out(given: Sequence[Given]) -> tuple[list[Given], list[Problem]]:
    """What has a known section and key, and a problem for all that has not."""
    known, problems = [], []
    for one in given:
        model = SECTIONS.get(one.section)
        if model is not None and one.key in model.model_fields:
            known.append(one)
        else:
            problems.append(_unknown(one))
    return known, problems


def unknown_empty_sections(names: Sequence[str], given: Sequence[Given], file: str) -> Iterator[Problem]:
    """Misspelt sections that hold no key; those that hold some are refused key by key."""
    with_keys = {one.section for one in given}
    for name in names:
        if name not in SECTIONS and name not in with_keys:
            yield Problem(f"{file} [{name}]", f"no such section{_meant(name, list(SECTIONS), '[{}]')}")


def _unknown(one: Given) -> Problem:
    """The value is never shown: somebody may have put a password under a key of their own invention."""
    if _SECRET.search(one.key):
        return Problem(one.where, _SECRET_HINT)
    if one.key.startswith("#"):
        return Problem(one.where, "no such key: a comment begins with # in the first column, or with ;")
    model = SECTIONS.get(one.section)
    if model is None:
        return Problem(one.where, f"no such section{_meant(one.section, list(SECTIONS), '[{}]')}")
    elsewhere = [name for name, other in SECTIONS.items() if one.key in other.model_fields]
    if elsewhere:
        return Problem(one.where, f"no such key here: it belongs to [{elsewhere[0]}]")
    return Problem(one.where, f"no such key{_meant(one.key, list(model.model_fields), '{}')}")


def _meant(word: str, known: list[str], form: str) -> str:
    near = nearest(word, known)
    if near is not None:
        return f"; did you mean {form.format(near)}?"
    return "; known are " + ", ".join(form.format(name) for name in known)
