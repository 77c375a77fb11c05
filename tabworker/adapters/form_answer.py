"""Looks at what came where a file was expected: a web page, and if so which. Runs nothing of it."""

from dataclasses import dataclass
from html.parser import HTMLParser

from tabworker.captured import Captured

_GLANCE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """A web page. ``text``: its words, white space folded."""

    title: str
    text: str
    asks_for_password: bool


def glance_at(captured: Captured) -> Answer | None:
    """The web page that was captured; None when it is something else, whatever the portal called it."""
    with captured.path.open("rb") as file:
        return page_in(file.read(_GLANCE_BYTES))


def page_in(data: bytes) -> Answer | None:
    """The web page of these bytes; None when they are something else."""
    head = data[:_GLANCE_BYTES]
    beginning = head[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if not beginning.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")):
        return None
    parser = _Glance()
    parser.feed(head.decode("utf-8-sig", "replace"))
    return Answer(
        " ".join("".join(parser.title).split())[:200],
        " ".join("".join(parser.text).split()),
        parser.asks_for_password,
    )


class _Glance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.text: list[str] = []
        self.asks_for_password = False
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("title", "script", "style"):
            self._inside = tag
        elif tag == "input" and (dict(attrs).get("type") or "").lower() == "password":
            self.asks_for_password = True

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title.append(data)
        elif not self._inside:
            self.text.append(data)
