"""Settings in the documentation load: examples as they stand, fragments with the keys they leave out."""

import re
from pathlib import Path

import pytest

from supervisor.settings import SettingsError
from supervisor.settings_model import SECTIONS
from tests.support.docs import PAGES, blocks, spans
from tests.support.settings_files import load

FRAGMENTS = {"sign-in-by-hand.md"}
"""Pages whose examples are to be put into a file that one has."""

THE_REST = {
    "url": "https://portal.example",
    "signed_in_selector": "#account-menu",
    "export_selector": "#export",
    "document_url": "/documents/{ref}.pdf",
}
_SETTING = re.compile(r"(?:\[(\w+)\] )?([a-z_]+) = (.+)")


def the_rest(ini: str) -> dict[str, str]:
    """Variables for what a fragment leaves out."""
    return {
        f"TABCREW__PORTAL__{key.upper()}": value
        for key, value in THE_REST.items()
        if not re.search(rf"(?m)^{key} =", ini)
    }


@pytest.mark.parametrize(
    ("page", "ini"), [pytest.param(page, ini, id=page.name) for page, _, ini in blocks("ini")]
)
def test_settings_in_examples_load(page: Path, ini: str, tmp_path: Path) -> None:
    load(tmp_path, ini, environ=the_rest(ini) if page.name in FRAGMENTS else {})


def settings_in_the_text() -> list[object]:
    found: list[object] = []
    for page, text in spans():
        if one := _SETTING.fullmatch(text):
            section, key, value = one.groups()
            homes = (
                [section] if section else [name for name in SECTIONS if key in SECTIONS[name].model_fields]
            )
            found += [pytest.param(home, key, value, id=f"{page.name}-{key}-{value[:20]}") for home in homes]
    return found


@pytest.mark.parametrize(("section", "key", "value"), settings_in_the_text())
def test_value_in_the_text_is_one_that_its_key_takes(
    section: str, key: str, value: str, tmp_path: Path
) -> None:
    ini = f"[{section}]\n{key} = {value}\n"
    try:
        load(tmp_path, ini, environ=the_rest(ini))
    except SettingsError as error:
        # What it contradicts are the keys that the sentence around it does not repeat.
        refused = [str(problem) for problem in error.problems if f"[{section}] {key} = " in str(problem)]
        assert not [problem for problem in refused if ": expected " in problem]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_in_the_text_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return  # it tells of what was
    for section, key in re.findall(r"`\[(\w+)\] (\w+)", page.read_text("utf-8")):
        assert key in SECTIONS[section].model_fields, f"{page.name}: [{section}] {key}"
