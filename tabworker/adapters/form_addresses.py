"""Puts a record's values into addresses and selectors, quoted: a reference may hold anything. Pure."""

import re
from collections.abc import Callable
from urllib.parse import quote, urljoin, urlsplit

from tabworker.adapters.form_columns import folded
from tabworker.failures import AdapterMisfit, Permanent
from tabworker.messages import Record

_PLACE = re.compile(r"\{([^{}]+)\}")
_DOT_SEGMENTS = {".", ".."}


def absolute(portal_url: str, address: str) -> str:
    """``address`` as seen from the portal's own address, which is taken as a folder: ``…/app`` + ``login`` is
    ``…/app/login``.
    """
    is_folder = portal_url.endswith("/") or "?" in portal_url or "#" in portal_url
    return urljoin(portal_url if is_folder else portal_url + "/", address)


def address_of(template: str, record: Record, setting: str, portal_url: str) -> str:
    """The absolute address for one record. Raises AdapterMisfit (no such column) or Permanent (no value).

    A value is quoted whole, slashes too, so that it stays one piece of the address. Only where a column is
    the whole template ("{Report link}") its cell is taken as an address itself.
    """
    alone = _PLACE.fullmatch(template.strip())
    if alone and alone.group(1) not in ("ref", "document", "n"):
        return _address_in_cell(_value(alone.group(1), record, setting), record, setting, portal_url)
    filled = _fill(template, record, setting, lambda value: quote(value, safe="", errors="replace"))
    own_dots = [segment for segment in _segments(template) if segment in _DOT_SEGMENTS]
    if len([segment for segment in _segments(filled) if segment in _DOT_SEGMENTS]) > len(own_dots):
        # A browser would take it for "this folder" or "the folder above", quoted or not.
        raise Permanent(f"the address of {record.ref!r} cannot be written: [portal] {setting} = {template}")
    return absolute(portal_url, filled)


def selector_of(template: str, record: Record, setting: str) -> str:
    """A selector for one record: ``text="{ref}"``. Values are escaped for a place between quotes."""
    return _fill(template, record, setting, _in_quotes)


def text_of(template: str, record: Record, setting: str) -> str:
    """A name for one record, unquoted. A column may be empty."""
    return _PLACE.sub(lambda place: _cell(place.group(1), record, setting), template)


def page_address(template: str, page: int, offset: int, cursor: str = "") -> str:
    """The address of one page of the inventory: ``?p={page}``, ``?from={offset}`` or ``?after={cursor}``."""
    values = {"page": str(page), "offset": str(offset), "cursor": quote(cursor, safe="", errors="replace")}
    return _PLACE.sub(lambda place: values.get(place.group(1), place.group(0)), template)


def fits_address(url: str, pattern: str) -> bool:
    """Whether ``url`` is of the form of ``pattern``, where * stands for anything.

    A query or a route behind # counts only if the pattern has one.
    """
    address = url if "#" in pattern else url.partition("#")[0]
    address = address if "?" in pattern else re.sub(r"\?[^#]*", "", address)
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), address, re.DOTALL) is not None


def is_same_document(url: str, open_url: str) -> bool:
    """Whether a browser that shows ``open_url`` would go to ``url`` without loading anything."""
    base, fragment, _ = url.partition("#")
    return bool(fragment) and base == open_url.partition("#")[0]


def is_same_page(url: str, other: str) -> bool:
    """Whether both lead to one page, whatever their queries; a route behind # counts if ``other`` has one."""
    mine, theirs = urlsplit(url), urlsplit(other)
    same = (mine.netloc, _plain_path(mine.path)) == (theirs.netloc, _plain_path(theirs.path))
    return same and (
        not theirs.fragment or mine.fragment.partition("?")[0] == theirs.fragment.partition("?")[0]
    )


def _fill(template: str, record: Record, setting: str, escape: Callable[[str], str]) -> str:
    return _PLACE.sub(lambda place: escape(_value(place.group(1), record, setting)), template)


def _value(name: str, record: Record, setting: str) -> str:
    """``ref`` is the reference even where the portal has a column of that name.

    What the adapter notes itself ({link}, {document}, {n}) stands in braces among the fields, and counts
    where there is no such column.
    """
    value = _cell(name, record, setting)
    if name != "ref" and not value.strip():
        raise Permanent(f"{record.ref!r} has nothing in column {name!r}, which [portal] {setting} needs")
    return value


def _cell(name: str, record: Record, setting: str) -> str:
    if name == "ref":
        return record.reference
    value = record.fields.get(name)
    if value is None:
        value = record.fields.get(f"{{{name}}}")
    if value is None:
        value = next((cell for column, cell in record.fields.items() if folded(column) == folded(name)), None)
    if value is None:
        columns = ", ".join(["ref", *sorted({name.strip("{}") for name in record.fields} - {"ref"})])
        raise AdapterMisfit(f"[portal] {setting} names {{{name}}}, but {record.ref!r} has only: {columns}")
    return value


def _address_in_cell(cell: str, record: Record, setting: str, portal_url: str) -> str:
    try:
        parts = urlsplit(cell.strip())
        is_relative = not parts.scheme and not parts.netloc
        if is_relative or (parts.scheme in ("", "http", "https") and parts.hostname):
            return absolute(portal_url, cell.strip())
    except ValueError:
        pass  # not even the form of an address
    raise Permanent(
        f"{record.ref!r} has no web address where [portal] {setting} looks for one: {cell[:200]!r}"
    )


def _plain_path(path: str) -> str:
    """Without a session id (``/login;jsessionid=1``) and without a slash at the end."""
    return re.sub(r";[^/]*", "", path).rstrip("/")


def _segments(address: str) -> list[str]:
    return urlsplit(address).path.split("/")


def _in_quotes(value: str) -> str:
    # A line break would end the string; a space does as well, as texts are compared with white space folded.
    return " ".join(value.split()).replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")
