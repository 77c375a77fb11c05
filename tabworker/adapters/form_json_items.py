"""Finds values in decoded JSON by paths such as ``data.items``, and makes records of its objects. Pure."""

from collections.abc import Iterator
from typing import Any

from tabworker.adapters.form_columns import MOST_COLUMNS_NAMED, folded
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

_MOST_FIELDS = 200
_MOST_DEPTH = 6
_MOST_CHARACTERS = 4000
"""Longer texts are left out: no address or name is made of them, and every record travels to its worker."""


def found_at(answer: Any, path: str) -> Any:
    """What is at the path; None when there is nothing. Names and numbers of places, with dots between."""
    here = answer
    for piece in path.split(".") if path else ():
        if isinstance(here, dict):
            here = here.get(piece)
        elif isinstance(here, list) and piece.isascii() and piece.isdigit() and int(piece) < len(here):
            here = here[int(piece)]
        else:
            return None
    return here


def value_at(answer: Any, path: str) -> str | bool | None:
    """A text, number (as text) or truth at the path; None for anything else."""
    found = found_at(answer, path)
    if isinstance(found, bool | str) or found is None:
        return found
    return str(found) if isinstance(found, int | float) else None


def names_at_top(answer: Any) -> str:
    """For a message: what the JSON begins with."""
    if isinstance(answer, dict):
        names = [repr(str(name)[:80]) for name in answer][:MOST_COLUMNS_NAMED]
        return f"at its top {', '.join(names) or 'nothing'}"
    return f"a list of {len(answer)}" if isinstance(answer, list) else f"only {str(answer)[:80]!r}"


def record_of(item: Any, reference_name: str, source: str) -> Record:
    """A record with the object's values as fields: ``owner.name``, ``files.0.id``. Raises AdapterMisfit.

    An item that is a text or a number is itself the reference.
    """
    if isinstance(item, str | int) and not isinstance(item, bool) and str(item).strip():
        return Record(str(item))
    fields = dict(_flat(item, "", _MOST_DEPTH)) if isinstance(item, dict) else {}
    ref = fields.get(reference_name)
    if ref is None:
        ref = next((value for name, value in fields.items() if folded(name) == folded(reference_name)), "")
    if not ref.strip():
        names = ", ".join(repr(name[:80]) for name in list(fields)[:MOST_COLUMNS_NAMED]) or "none"
        raise AdapterMisfit(
            f"[portal] reference_column = {reference_name} is not among the names of a record in {source}: "
            f"{names}"
        )
    return Record(ref, dict(list(fields.items())[:_MOST_FIELDS]))


def _flat(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        if depth:
            for key, inner in pairs:
                yield from _flat(inner, f"{name}.{key}" if name else str(key), depth - 1)
    elif value is not None and len(text := _text(value)) <= _MOST_CHARACTERS:
        yield name, text


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
