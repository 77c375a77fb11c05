"""What came in place of a document, told from its first bytes."""

from pathlib import Path

import pytest

from tabworker.adapters.form_answer import Answer, glance_at
from tabworker.captured import Captured

LOGIN = b"""\xef\xbb\xbf
<!DOCTYPE html><html><head><title> Sign&nbsp;in
 </title><style>p { color: "No report" }</style><script>if (a < b) "<input type=password>"</script></head>
<body><p>Your  session\nhas <b>expired</b>.</p><form><INPUT name=p TYPE="PassWord"></form></body></html>"""


def glance(folder: Path, data: bytes, content_type: str = "application/pdf") -> Answer | None:
    path = folder / "captured"
    path.write_bytes(data)
    return glance_at(Captured(path, "https://portal.example/x", 200, content_type))


def test_page_is_known_by_its_bytes_whatever_the_portal_calls_it(tmp_path: Path) -> None:
    assert glance(tmp_path, LOGIN) == Answer("Sign in", "Your session has expired.", asks_for_password=True)


def test_page_asks_for_no_password_when_only_a_script_says_so(tmp_path: Path) -> None:
    answer = glance(tmp_path, LOGIN.replace(b"PassWord", b"text"))
    assert answer is not None
    assert not answer.asks_for_password


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n<html>", b"PK\x03\x04", b"Reference,Make\n<html>,x", b"\n \n"]
)
def test_other_files_are_no_page(tmp_path: Path, data: bytes) -> None:
    assert glance(tmp_path, data, "text/html") is None


@pytest.mark.parametrize(
    "data", [b"<html>", b"<!-- x", b"<!doctype html><title>", b"<html><title>\xff\xfe" + b"<" * 999]
)
def test_broken_page_is_still_a_page(tmp_path: Path, data: bytes) -> None:
    assert glance(tmp_path, data) is not None
