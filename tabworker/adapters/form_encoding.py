"""Finds out how a text file is encoded, as portals and spreadsheets write them, without loading it."""

import codecs
from pathlib import Path

_BLOCK_BYTES = 1 << 20
_SAMPLE_BYTES = 4096

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path) -> str:
    """By its mark; without one UTF-16 if it has zero bytes, UTF-8 if it is valid, else Windows-1252."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
        for mark, encoding in _MARKS:
            if sample.startswith(mark):
                return encoding
        if b"\0" in sample:
            return "utf-16-le" if sample[1::2].count(0) >= sample[0::2].count(0) else "utf-16-be"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"  # what Excel writes when nobody tells it otherwise
    return "utf-8"
