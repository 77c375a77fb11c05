"""PDFs of any size that nobody has to hold in memory: scans, page after page, and a text on the first."""

from collections.abc import Iterator
from dataclasses import dataclass

_ROW = bytes(range(256)) * 8
_ROWS = 2048
_SCAN = _ROW * _ROWS
"""One page of grey, 4 MB: the images are what makes real documents large."""

_SCAN_HEAD = (
    b"<</Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 8/Width %d/Height %d/Length %d>>"
    b"stream\n" % (len(_ROW), _ROWS, len(_SCAN))
)


@dataclass(frozen=True)
class LargeDocument:
    """A whole PDF of ``pages`` scans, 4 MB each; on page ``text_page`` stands ``text``."""

    text: str
    pages: int
    text_page: int = 0

    @property
    def size(self) -> int:
        return sum(len(piece) for piece in self.pieces())

    def pieces(self) -> Iterator[bytes]:
        at, offsets = 0, [0]
        yield (head := b"%PDF-1.4\n")
        at += len(head)
        for number, parts in enumerate(self._objects(), 1):
            offsets.append(at)
            for piece in (b"%d 0 obj" % number, *parts, b"\nendobj\n"):
                yield piece
                at += len(piece)
        table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets[1:])
        yield b"xref\n0 %d\n0000000000 65535 f \n" % len(offsets) + table
        yield b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets), at)

    def _objects(self) -> Iterator[tuple[bytes, ...]]:
        """Catalogue, page tree and font; then three for each page: itself, its content, its scan."""
        kids = b" ".join(b"%d 0 R" % (4 + 3 * page) for page in range(self.pages))
        yield (b"<</Type/Catalog/Pages 2 0 R>>",)
        yield (b"<</Type/Pages/Count %d/Kids[%s]>>" % (self.pages, kids),)
        yield (b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",)
        for page in range(self.pages):
            number = 4 + 3 * page
            text = b"BT /F 12 Tf 72 720 Td (%s) Tj ET" % self.text.encode()
            shown = b"q 612 0 0 792 0 0 cm /I Do Q " + (text if page == self.text_page else b"")
            yield (
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
                b"/Resources<</Font<</F 3 0 R>>/XObject<</I %d 0 R>>>>>>" % (number + 1, number + 2),
            )
            yield b"<</Length %d>>stream\n" % len(shown), shown, b"\nendstream"
            yield _SCAN_HEAD, _SCAN, b"\nendstream"
