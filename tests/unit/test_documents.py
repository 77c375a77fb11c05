"""Names for documents from references that nobody can trust, and the way to a final name."""

import os
import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supervisor.documents import NameBook, document_name, marked_name, put_in_place

RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}
REFS = st.text(max_size=300) | st.text(alphabet="aA./\\:~ \t\n\x00ßſKİ-", max_size=12)


def assert_safe(name: str) -> None:
    """What every file system of the three systems takes, as one file in one folder."""
    assert Path(name).name == name
    assert not set(name) & set('<>:"/\\|?*'), name
    assert not [c for c in name if unicodedata.category(c)[0] == "C"], name
    assert name.endswith(".pdf")
    assert name[0] not in ". ", name
    assert name[:-4][-1] not in ". ", name
    assert len(name.encode()) <= 255
    assert len(name.encode("utf-16-le")) <= 2 * 255
    assert name.partition(".")[0].lower() not in RESERVED
    assert unicodedata.normalize("NFC", name) == name


@pytest.mark.parametrize("ref", ["V-0042", "2024_03", "Müller-7", "a.b.c", "(1)", "車-9"])
def test_name_is_the_reference_itself_when_that_is_safe(ref: str) -> None:
    assert document_name(ref) == f"{ref}.pdf"


@pytest.mark.parametrize(
    ("ref", "stem"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("/etc/passwd", "etc_passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\x", "C_x"),
        ("a\x00b", "a_b"),
        ("a\r\nb", "a_b"),
        (".hidden", "hidden"),
        ("ends. ", "ends"),
        ("right\u202eleft", "rightleft"),
        ("half \ud800 pair", "half__pair"),
        ("nul", "_nul"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("Lpt²", "_Lpt²"),
        ("", "document"),
        ("..", "document"),
        ("\u0065\u0301", "é"),
    ],
)
def test_name_is_made_safe_and_marked_when_the_reference_is_not_safe(ref: str, stem: str) -> None:
    name = document_name(ref)
    assert_safe(name)
    assert re.fullmatch(rf"{re.escape(stem)}~[0-9a-f]{{10}}\.pdf", name), name


def test_names_differ_when_references_differ_only_in_what_was_replaced() -> None:
    refs = ["a/b", "a:b", "a\\b", "a b", "a_b", " a_b", "a_b."]
    assert len({document_name(ref) for ref in refs}) == len(refs)


def test_name_is_the_same_when_it_is_made_again() -> None:
    assert document_name("a/b") == document_name("a/b")


def test_name_is_cut_between_characters_when_the_reference_is_long() -> None:
    for letter in ("x", "ä", "車", "🚗"):
        name = document_name(letter * 500)
        assert_safe(name)
        assert name.startswith(letter * 20)
        assert document_name(letter * 501) != name


def test_name_is_made_at_once_when_the_reference_is_enormous() -> None:
    began_at = time.perf_counter()
    assert_safe(document_name("車" * 1_000_000))
    assert time.perf_counter() - began_at < 5.0  # a cut one character at a time takes minutes


@settings(deadline=None, max_examples=400)
@given(REFS)
@example("~")
@example("con")
@example("a" * 119 + ". ")
@example("é" * 60 + ".")
def test_name_is_safe_when_the_reference_is_anything(ref: str) -> None:
    assert_safe(document_name(ref))
    assert_safe(NameBook({document_name(ref): "somebody else"}).name_for(ref))


@settings(deadline=None, max_examples=200)
@given(st.lists(REFS, max_size=12, unique=True), st.data())
def test_names_never_meet_when_case_is_ignored(refs: list[str], data: st.DataObject) -> None:
    # Hostile on purpose: twins in another case, and references that look like the marked names of others.
    refs += [ref.swapcase() for ref in refs]
    refs += [document_name(ref).removesuffix(".pdf") for ref in refs]
    refs += [marked_name(ref, document_name(ref)[:-4]).removesuffix(".pdf") for ref in refs]
    refs = data.draw(st.permutations(list(dict.fromkeys(refs))))
    book = NameBook({})
    names = [book.name_for(ref) for ref in refs]
    assert len({name.casefold() for name in names}) == len(refs)
    assert [book.name_for(ref) for ref in refs] == names
    for name in names:
        assert_safe(name)


def test_second_reference_gets_a_marked_name_when_only_case_differs() -> None:
    book = NameBook({})
    assert book.name_for("v-1") == "v-1.pdf"
    assert re.fullmatch(r"V-1~[0-9a-f]{10}\.pdf", book.name_for("V-1"))


def test_names_are_kept_apart_when_an_earlier_run_took_them() -> None:
    first = NameBook({})
    earlier = {first.name_for(ref): ref for ref in ("v-1", "V-1")}
    book = NameBook(earlier)
    assert {book.name_for(ref): ref for ref in ("V-1", "v-1")} == earlier
    assert NameBook({"V-1.pdf": "V-1"}).name_for("v-1") != "v-1.pdf"


# --- put_in_place ---------------------------------------------------------------------------------


@pytest.mark.parametrize("there_before", [b"", b"the old one"])
def test_document_is_in_place_and_not_in_staging_when_it_was_put(tmp_path: Path, there_before: bytes) -> None:
    staged, final = tmp_path / "7.pdf", tmp_path / "documents" / "A.pdf"
    final.parent.mkdir()
    if there_before:
        final.write_bytes(there_before)
    staged.write_bytes(b"%PDF new")
    put_in_place(staged, final)
    assert final.read_bytes() == b"%PDF new"
    assert not staged.exists()
    assert list(final.parent.iterdir()) == [final]


def test_no_half_document_is_there_when_the_folder_is_gone(tmp_path: Path) -> None:
    staged = tmp_path / "7.pdf"
    staged.write_bytes(b"%PDF new")
    with pytest.raises(OSError, match="No such file"):
        put_in_place(staged, tmp_path / "gone" / "A.pdf")
    assert staged.read_bytes() == b"%PDF new"


def test_file_and_folder_are_synced_around_the_rename_when_a_document_is_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill proves nothing about a power cut (HAZARDS S4), so the order of the calls is looked at."""
    staged, final = tmp_path / "7.pdf", tmp_path / "documents" / "A.pdf"
    final.parent.mkdir()
    staged.write_bytes(b"%PDF new")
    names = {path.stat().st_ino: path.name for path in (staged, final.parent)}
    synced: list[tuple[str, bool]] = []
    monkeypatch.setattr("os.fsync", lambda fd: synced.append((names[os.fstat(fd).st_ino], final.exists())))
    put_in_place(staged, final)
    assert synced == [("7.pdf", False), ("documents", True)]
