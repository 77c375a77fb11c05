"""Decides whether captured bytes are the document of a record. Reads the file, touches no page.

A document counts only when all of this holds: a good status, not a page, whole from ``%PDF-`` to ``%%EOF``,
as long as the portal said, opened by PDFium with at least one page, and (where asked) naming the record.
"""

import hashlib
import html
import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_c

from tabworker.captured import Captured
from tabworker.failures import Permanent, Transient
from tabworker.reference_text import names_reference, searchable

HEAD_BYTES = 1024
TAIL_BYTES = 2048
"""The PDF specification lets readers look for ``%%EOF`` in the last 1024 bytes; servers append line ends to
that.
"""

MOST_PAGES_READ = 50
"""A report names its record at the front; a book of 2,000 pages is not read to the end for it."""

_LARGE_BYTES = 16 * 2**20
_PAGES_OF_A_LARGE_ONE = 4

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|script)\b", re.IGNORECASE)


@dataclass(frozen=True)
class VerifiedDocument:
    """``warning``: what does not disprove the document but a person should know; else empty."""

    sha256: str
    size_bytes: int
    pages: int
    warning: str = ""


def verify_pdf(captured: Captured, reference: str | None) -> VerifiedDocument:
    """Raises Transient when the file is not the document, Permanent when it is locked with a password.

    ``reference``: must occur in the document's text; None: not asked.
    """
    if captured.status is not None and not 200 <= captured.status < 300:
        raise Transient(f"the portal answered {captured.status} to {captured.source_url}")
    size = _check_frame(captured)
    pages, warning = _check_content(captured, reference)
    with captured.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return VerifiedDocument(sha256, size, pages, warning)


def _check_frame(captured: Captured) -> int:
    """The outside of the file: length, first and last bytes. The size in bytes."""
    size = captured.path.stat().st_size
    with captured.path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
    source = captured.source_url
    if size == 0:
        raise Transient(f"{source} delivered an empty file")
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        raise Transient(_not_a_pdf(captured, head, size))
    if captured.content_length is not None and size != captured.content_length:
        raise Transient(
            f"{source} is truncated: {size} bytes, the portal announced {captured.content_length}"
        )
    if b"%%EOF" not in tail:
        raise Transient(f"{source} is truncated: {size} bytes without the end mark %%EOF")
    return size


def _not_a_pdf(captured: Captured, head: bytes, size: int) -> str:
    if not _PAGE.search(head):
        return f"{captured.source_url} delivered {size} bytes that are no PDF; they begin with {head[:24]!r}"
    title = _TITLE.search(captured.path.read_bytes() if size <= 10 * 2**20 else head)
    words = " ".join(html.unescape(title.group(1).decode("utf-8", "replace")).split())[:200] if title else ""
    return f"{captured.source_url} delivered a page instead of a PDF, titled {words!r}"


def _check_content(captured: Captured, reference: str | None) -> tuple[int, str]:
    """The inside of the file, by PDFium. The number of pages, and a warning."""
    try:
        with _opened(captured) as document:
            pages = len(document)
            if pages < 1:
                raise Transient(f"{captured.source_url} is a PDF without a page")
            document[0].close()
        return pages, "" if reference is None else _check_reference(captured, pages, reference)
    except pypdfium2.PdfiumError as error:
        raise Transient(f"{captured.source_url} is damaged: PDFium says {error}") from error


@contextmanager
def _opened(captured: Captured) -> Iterator[pypdfium2.PdfDocument]:
    document = _open(captured)
    try:
        yield document
    finally:
        document.close()


def _open(captured: Captured) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(Path(captured.path))
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
            raise Permanent(
                f"{captured.source_url} is locked with a password, so nobody can tell what it is. "
                "Fetch it by hand, or let the portal deliver it unlocked"
            ) from error
        raise Transient(f"{captured.source_url} is damaged: PDFium says {error}") from error


def _check_reference(captured: Captured, pages: int, reference: str) -> str:
    """Raises Transient when the text names another record; a warning when there is nothing to compare."""
    if not searchable(reference):
        return f"the reference {reference!r} has no characters to look for in a document"
    read = min(pages, MOST_PAGES_READ)
    has_text = False
    with closing(_texts(captured, read)) as texts:
        for text in texts:
            if names_reference(text, reference):
                return ""
            has_text = has_text or bool(text.strip())
    if not has_text:
        return "the document has no text (a scan?): that it is this record's could not be verified"
    raise Transient(
        f"{captured.source_url} is a PDF, but {reference!r} is not in the text of its first {read} pages: "
        "it may be another record's. Set [portal] reference_in_document = no if documents do not name their "
        "record"
    )


def _texts(captured: Captured, pages: int) -> Generator[str, None, None]:
    """The text of the first ``pages``, in memory that does not grow with them.

    PDFium keeps the images of every page that it has read until the document is closed: 200 MB after 50
    pages of scans. A large document is therefore opened anew every few pages.
    """
    is_large = captured.path.stat().st_size > _LARGE_BYTES
    at_once = _PAGES_OF_A_LARGE_ONE if is_large else pages
    for first in range(0, pages, at_once):
        with _opened(captured) as document:
            for index in range(first, min(first + at_once, pages)):
                yield _text_of_page(document, index)


def _text_of_page(document: pypdfium2.PdfDocument, index: int) -> str:
    page = document[index]
    try:
        text_page = page.get_textpage()
        try:
            return str(text_page.get_text_bounded())
        finally:
            text_page.close()
    finally:
        page.close()
