"""Which saved file answers which address, and the kit's names for modules."""

from pathlib import Path

import pytest

from adapter_kit.recorded import file_for
from adapter_kit.scaffold import ScaffoldRefused, class_name, write_starting_files


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    names = (
        "index.html", "list.html", "list@page=2.html", "login.html", "login.post.html",
        "records/V-1.html", "records/V 2", "about/index.html", "list.signed-out.html",
    )  # fmt: skip
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.html").write_text("outside")
    return folder


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        ("/", "", "index.html"),
        ("/list", "", "list.html"),
        ("/list", "signed-out", "list.signed-out.html"),
        ("/list?page=2", "", "list@page=2.html"),
        ("/list?page=3", "", "list.html"),
        ("/login", "post", "login.post.html"),
        ("/list", "post", "list.html"),
        ("/records/V-1", "", "records/V-1.html"),
        ("/records/V%202", "", "records/V 2"),
        ("/about/", "", "about/index.html"),
        ("/nothing", "", None),
        ("/../secret", "", None),
        ("/..%2fsecret", "", None),
    ],
)
def test_file_is_found_by_its_address_when_it_was_recorded(
    pages: Path, address: str, kind: str, name: str | None
) -> None:
    found = file_for(pages.resolve(), address, kind)
    assert found == (pages / name if name else None)


def test_class_is_named_after_the_module() -> None:
    assert class_name("my_fleet2_portal") == "MyFleet2Portal"


@pytest.mark.parametrize("name", ["9lives", "my-portal", "class", "json", "../x", "", "pörtal"])
def test_starting_files_are_refused_when_the_name_is_no_modules(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScaffoldRefused, match="nothing was written"):
        write_starting_files(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["mine.py", "test_mine.py"])
def test_starting_files_are_refused_when_one_would_be_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")
    with pytest.raises(ScaffoldRefused, match=taken):
        write_starting_files("mine", tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(taken, "precious")]
