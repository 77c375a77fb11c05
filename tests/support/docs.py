"""The documentation as tests see it: its pages, their blocks of code, and the commands that they show."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(xvfb-run )?((\.venv/bin/)?python3? |make [a-z])")


def blocks(language: str | None = None) -> Iterator[tuple[Path, str, str]]:
    """Page, language and text of each block, of all languages if none is named."""
    for page in PAGES:
        for name, text in _FENCE.findall(page.read_text("utf-8")):
            if language in (None, name):
                yield page, name, text


def cases(language: str) -> list[object]:
    return [pytest.param(text, id=page.name) for page, _, text in blocks(language)]


def spans() -> Iterator[tuple[Path, str]]:
    """What stands between back quotes in the running text. Not in the changelog: it tells of what was."""
    for page in PAGES:
        if page.name != "CHANGELOG.md":
            for text in _SPAN.findall(_FENCE.sub("", page.read_text("utf-8"))):
                yield page, text


def commands() -> Iterator[tuple[Path, list[str]]]:
    """The words of each command: of all in blocks of sh, and of those in the text that anybody could type.

    Brackets around what may be left out, and the dots of "and so on", are left away.
    """
    for page, _, text in blocks("sh"):
        for line in text.splitlines():
            for part in line.split("&&"):
                if words := shlex.split(part, comments=True):
                    yield page, words
    for page, text in spans():
        if _COMMAND.match(text) and "COMMAND" not in text:
            yield page, [word.strip("[]") for word in shlex.split(text) if word != "…"]
