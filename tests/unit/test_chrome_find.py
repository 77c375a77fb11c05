"""Finding a Chrome among fake programs: the order, and what the errors say."""

from pathlib import Path

import pytest

from chrome_launcher import find
from chrome_launcher.errors import ChromeNotFound
from chrome_launcher.find import find_chrome


@pytest.fixture(autouse=True)
def empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Chrome in any of the usual places."""
    monkeypatch.setattr(find, "_known_places", list)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("CHROME_PATH", raising=False)


def program(path: Path, says: str, code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_find_chrome_reads_product_and_version_when_it_is_on_path(tmp_path: Path) -> None:
    path = program(tmp_path / "bin" / "google-chrome", "Google Chrome 156.0.8078.79 beta ")
    found = find_chrome()
    assert (found.path, found.product, found.version) == (path, "Google Chrome", "156.0.8078.79")


def test_find_chrome_takes_the_setting_when_others_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin" / "chromium", "Chromium 150.0.1.1")
    monkeypatch.setenv("CHROME_PATH", str(program(tmp_path / "by-environment", "Chromium 151.0.1.1")))
    assert find_chrome(str(program(tmp_path / "by-setting", "Chromium 152.0.1.1"))).version == "152.0.1.1"
    assert find_chrome("").version == "151.0.1.1"


def test_find_chrome_names_the_setting_when_its_path_does_not_exist(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium", "Chromium 150.0.1.1")
    with pytest.raises(ChromeNotFound, match=r"\[chrome\] path names '/no/such/chrome'"):
        find_chrome("/no/such/chrome")


def test_find_chrome_names_the_variable_when_its_path_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROME_PATH", "/no/such/chrome")
    with pytest.raises(ChromeNotFound, match=r"\$CHROME_PATH names '/no/such/chrome'"):
        find_chrome()


def test_find_chrome_refuses_the_setting_when_it_is_no_chrome(tmp_path: Path) -> None:
    with pytest.raises(ChromeNotFound, match="does not say its version"):
        find_chrome(str(program(tmp_path / "editor", "hello")))


def test_find_chrome_goes_on_looking_when_a_candidate_does_not_run(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium-browser", "requires the chromium snap", code=1)
    program(tmp_path / "bin" / "microsoft-edge", "Microsoft Edge 156.0.1.2")
    assert find_chrome().product == "Microsoft Edge"


def test_find_chrome_takes_playwrights_newest_when_nothing_else_is_there(tmp_path: Path) -> None:
    for revision, version in ((999, "9.0.0.1"), (1255, "159.0.0.1")):
        folder = tmp_path / "playwright" / f"chromium-{revision}" / "chrome-linux64"
        program(folder / "chrome", f"Google Chrome for Testing {version}")
    assert find_chrome().version == "159.0.0.1"


def test_find_chrome_lists_where_it_looked_when_there_is_none(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium-browser", "requires the chromium snap", code=1)
    with pytest.raises(ChromeNotFound) as caught:
        find_chrome()
    assert "requires the chromium snap" in str(caught.value)
    assert str(tmp_path / "playwright") in str(caught.value)
    assert "[chrome] path" in str(caught.value)
