"""Finds what is certainly wrong with a selector, before a Chrome is started for it.

Nothing here knows a page, and Playwright is not loaded in this process: its parser is followed only as far as
a mistake is beyond doubt (a bracket that is never closed, a kind of selector that does not exist). What
passes may still be refused by Playwright; what is refused here would have been refused there, or looks for
nothing (``nth=last``).
"""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from supervisor.settings_sections import entries

_FRAME = re.compile(r"\s*frame=(.+?)\s*>>\s*", re.DOTALL)
_LABEL = "label="
_KIND = re.compile(r"\s*([\w:+*-]+)\s*=", re.ASCII)
_PLACE = re.compile(r"\{[^{}]+\}")
_REGEX = re.compile(r"=\s*/(\\.|\[(\\.|[^\]\\])*\]|[^/\\\[])*/")
_CLOSES = {"(": ")", "[": "]"}

_KINDS = {"css", "xpath", "text", "id", "role", "nth", "visible", "data-testid", "data-test-id", "data-test"}
_INNER_KINDS = re.compile(r"internal:[a-z-]+|_react|_vue|aria-ref|aria-template|(css|xpath|text|id):light")
"""What Playwright has besides, for itself; not judged."""


def fault_of(selector: str) -> str | None:
    """What is wrong with ``selector``; None when nothing certainly is."""
    while entered := _FRAME.match(selector):
        if fault := _fault_of_chain(entered.group(1)):
            return fault
        selector = selector[entered.end() :]
    if selector.startswith(_LABEL):
        return None if selector.removeprefix(_LABEL).strip(" \"'") else "nothing stands behind label="
    return _fault_of_chain(_PLACE.sub("1", selector))


def _fault_of_chain(selector: str) -> str | None:
    return next(filter(None, map(_fault_of_link, _links(selector))), None)


def _links(selector: str) -> Iterator[str]:
    """What stands between ``>>``; those in quotes do not count."""
    quote, start, at = "", 0, 0
    while at < len(selector):
        character = selector[at]
        if character == "\\":
            at += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'`" and not re.match(r"\s*text\s*=.", selector[start:at], re.DOTALL):
            quote = character
        elif selector.startswith(">>", at):
            yield selector[start:at]
            at += 1
            start = at + 1
        at += 1
    yield selector[start:]


def _fault_of_link(link: str) -> str | None:
    text = link.strip()
    if not text:
        return "there is nothing before or behind >>"
    kind, body = _kind_and_body(text)
    if kind == "frame":
        return "frame=… needs >> and what to look for in that frame"
    if kind not in _KINDS:
        return None if _INNER_KINDS.fullmatch(kind) else f"there is no kind of selector {kind}="
    if not body.strip():
        return f"nothing stands behind {kind}="
    if kind == "nth" and not re.fullmatch(r"-?\d+", body.strip()):
        return "nth= needs a whole number"
    if kind == "visible" and body.strip() not in ("true", "false"):
        return "visible= needs true or false"
    if kind == "role":
        body = _REGEX.sub("=1", body)  # what it holds is no bracket and no quote of ours
    if kind in ("css", "role", "xpath"):
        return _unbalanced(body, escapes=kind != "xpath") or _unfinished(body, kind)
    return None


def _kind_and_body(text: str) -> tuple[str, str]:
    if told := _KIND.match(text):
        return told.group(1).removeprefix("*"), text[told.end() :]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return "text", text
    if re.match(r"\(*//", text) or text.startswith(".."):
        return "xpath", text
    return "css", text


def _unbalanced(body: str, *, escapes: bool) -> str | None:
    """A bracket or a quote without its other half. ``escapes``: a backslash takes the next one's meaning."""
    quote, awaited = "", []
    pending = iter(body)
    for character in pending:
        if character == "\\" and escapes:
            next(pending, None)
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _CLOSES:
            awaited.append(_CLOSES[character])
        elif character in _CLOSES.values() and (not awaited or awaited.pop() != character):
            return f"{character} closes nothing"
    if quote:
        return f"the quote {quote} is never closed"
    return f"{awaited[-1]} is missing" if awaited else None


def _unfinished(body: str, kind: str) -> str | None:
    last = body.rstrip()[-1]
    if kind == "css" and last in ",>+~.#:" and not body.rstrip().endswith(f"\\{last}"):
        return f"nothing stands behind the {last} at its end"
    return None


def _selector(text: str) -> str:
    if text and (fault := fault_of(text)):
        raise ValueError(f"expected a selector, but {fault}")
    return text


def _selectors(several: tuple[str, ...]) -> tuple[str, ...]:
    for one in several:
        if fault := fault_of(one):
            raise ValueError(
                f"expected selectors, but in {one!r} {fault} (one that holds commas needs a line of its own)"
            )
    return several


Selector = Annotated[str, AfterValidator(_selector)]
Selectors = Annotated[tuple[str, ...], AfterValidator(_selectors), BeforeValidator(entries)]
