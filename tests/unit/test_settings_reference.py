"""What is shipped and documented is what the program knows."""

import configparser
import dataclasses
import typing
from pathlib import Path

import pytest

from supervisor.settings import load_settings
from supervisor.settings_demo import DEMO_FORM
from supervisor.settings_model import SECTIONS, Settings
from supervisor.settings_portal import PortalSettings
from supervisor.settings_reference import settings_ini, settings_md
from tabworker.adapters.form_settings import FormSettings
from tests.support.settings_files import load

ROOT = Path(__file__).resolve().parents[2]
FORM_KEYS = {field.name: field.default for field in dataclasses.fields(FormSettings) if field.name != "url"}


@pytest.mark.parametrize(
    ("path", "text"), [("settings.ini", settings_ini()), ("docs/reference/settings.md", settings_md())]
)
def test_settings_reference_is_current_when_it_is_made_anew(path: str, text: str) -> None:
    assert (ROOT / path).read_text("utf-8") == text, (
        f"run: python -m supervisor.settings_reference {Path(path).name}"
    )


def test_shipped_settings_hold_every_key_once_when_they_are_read() -> None:
    parser = configparser.RawConfigParser(comment_prefixes=("# ", ";"), strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string("\n".join(line for line in settings_ini().splitlines() if line != "#"))
    found = {section: list(parser[section]) for section in parser.sections()}
    assert found == {name: list(model.model_fields) for name, model in SECTIONS.items()}


def test_shipped_settings_are_the_defaults_when_they_are_loaded(tmp_path: Path) -> None:
    shipped = tmp_path / "settings.ini"
    shipped.write_text(settings_ini(), encoding="utf-8")
    as_shipped = load_settings(shipped, {})
    assert as_shipped == load(tmp_path, "")


def test_every_key_has_a_reason_of_one_line_when_it_is_described() -> None:
    for name, model in SECTIONS.items():
        for key, field in model.model_fields.items():
            description = field.description or ""
            assert description.endswith("."), f"[{name}] {key}"
            assert "\n" not in description, f"[{name}] {key}"
            if key.endswith("_s"):
                assert "econds" in description, f"[{name}] {key} does not name its unit"
            if key.endswith("_mb"):
                assert "MB" in description, f"[{name}] {key} does not name its unit"


def test_portal_section_mirrors_the_form_settings_when_they_change() -> None:
    own = [
        key
        for key in PortalSettings.model_fields
        if not key.startswith("demo_") and key not in ("adapter", "url", "manual_sign_in_timeout_s")
    ]
    assert own == list(FORM_KEYS)
    for key, default in FORM_KEYS.items():
        assert PortalSettings.model_fields[key].default == default, key
    assert list(DEMO_FORM) == [key for key in FORM_KEYS if key in DEMO_FORM]


def test_settings_have_the_class_of_their_section_when_the_table_is_read() -> None:
    assert typing.get_type_hints(Settings) == SECTIONS
