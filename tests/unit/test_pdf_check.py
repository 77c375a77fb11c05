"""The proof that captured bytes are a record's document: every way in which they may not be."""

import hashlib
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod

from tabworker.captured import Captured
from tabworker.failures import Permanent, Transient
from tabworker.pdf_check import verify_pdf

URL = "https://portal/V-0001.pdf"


def pdf_bytes(text: str = "Vehicle report V-0001", pages: int = 1, password: str | None = None) -> bytes:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for _ in range(pages):
        pdf.add_page()
        pdf.multi_cell(0, 8, text)
    if password is not None:
        method = EncryptionMethod.RC4
        pdf.set_encryption(owner_password="owner", user_password=password, encryption_method=method)
    return bytes(pdf.output())


def captured(folder: Path, data: bytes, **said: object) -> Captured:
    path = folder / "1.pdf"
    path.write_bytes(data)
    return Captured(path, URL, **said)  # type: ignore[arg-type]  # one of status, content_type, content_length


def test_document_is_verified_when_everything_fits(tmp_path: Path) -> None:
    data = pdf_bytes(pages=3)
    document = verify_pdf(captured(tmp_path, data, status=200, content_length=len(data)), "V-0001")
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert (document.size_bytes, document.pages, document.warning) == (len(data), 3, "")


def test_document_is_verified_when_line_ends_and_a_byte_order_mark_surround_it(tmp_path: Path) -> None:
    assert verify_pdf(captured(tmp_path, b"\xef\xbb\xbf\r\n" + pdf_bytes() + b"\r\n" * 50), None).pages == 1


@pytest.mark.parametrize(
    ("data", "said", "words"),
    [
        (b"", {}, "empty"),
        (b"hello", {}, "no PDF"),
        (pdf_bytes(), {"status": 500}, "answered 500"),
        (pdf_bytes(), {"content_length": 99_999}, "99999"),
        (pdf_bytes()[:-40], {}, "%%EOF"),
        (b"%PDF-1.7\n" + b"x" * 500 + b"\n%%EOF\n", {}, "damaged"),
    ],
)
def test_document_is_refused_for_another_attempt_when_it_is_broken(
    tmp_path: Path, data: bytes, said: dict[str, object], words: str
) -> None:
    with pytest.raises(Transient, match=words) as failure:
        verify_pdf(captured(tmp_path, data, **said), None)
    assert URL in failure.value.reason


def test_page_is_named_by_its_title_when_it_came_instead_of_a_pdf(tmp_path: Path) -> None:
    page = b"\n<!DOCTYPE html><html><head><TITLE>\n Sign in &amp; go \n</TITLE></head>"
    with pytest.raises(Transient, match=r"a page instead of a PDF, titled 'Sign in & go'"):
        verify_pdf(captured(tmp_path, page, status=200, content_type="application/pdf"), None)


def test_document_is_refused_when_it_names_another_record(tmp_path: Path) -> None:
    with pytest.raises(Transient, match=r"V-0001.*another record"):
        verify_pdf(captured(tmp_path, pdf_bytes("Vehicle report V-0002")), "V-0001")


def test_document_is_refused_for_good_when_it_is_locked(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="password"):
        verify_pdf(captured(tmp_path, pdf_bytes(password="secret")), None)


def test_document_is_accepted_with_a_warning_when_it_has_no_text(tmp_path: Path) -> None:
    scan = pypdfium2.PdfDocument.new()
    scan.new_page(200, 200).close()
    path = tmp_path / "scan.pdf"
    scan.save(path)
    scan.close()
    assert "no text" in verify_pdf(Captured(path, URL), "V-0001").warning


def test_document_is_accepted_with_a_warning_when_the_reference_cannot_be_printed(tmp_path: Path) -> None:
    assert "no characters" in verify_pdf(captured(tmp_path, pdf_bytes()), "🚗").warning
