"""Finding the adapter that the settings name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tabworker.adapters.form import FormAdapter
from tabworker.adapters.form_settings import FormSettings
from tabworker.adapters.loading import AdapterNotLoaded, load_adapter

SETTINGS = FormSettings(url="https://portal.example")
VERBS = "".join(
    f"    def {verb}(self, *a): ...\n"
    for verb in ("sign_in", "is_signed_in", "list_records", "fetch_document")
)
SOURCE = f"""
class Plain:
{VERBS}
class Configured:
    def __init__(self, settings): self.settings = settings
{VERBS}
class Defaulted:
    def __init__(self, *, retries=1): self.retries = retries
{VERBS}
class Inherited(Configured): pass
class Half:
    def sign_in(self, tab, credentials): ...
NOT_A_CLASS = 1
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module in the current directory, under a name that no other test has loaded."""
    name = "adapter_of_test_form_loading"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    (tmp_path / "broken_adapter.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield name
    sys.modules.pop(name, None)


def test_form_is_the_adapter_of_the_settings() -> None:
    assert isinstance(load_adapter("form", SETTINGS), FormAdapter)


@pytest.mark.parametrize("name", ["Plain", "Configured", "Defaulted", "Inherited"])
def test_class_is_made_with_settings_if_it_takes_them(module: str, name: str) -> None:
    adapter = load_adapter(f"{module}:{name}", SETTINGS)
    assert type(adapter).__name__ == name
    assert getattr(adapter, "settings", SETTINGS) is SETTINGS


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("", 'expected "form" or "module:Class"'),
        ("module", 'expected "form" or "module:Class"'),
        (":Class", 'expected "form" or "module:Class"'),
        ("no_such_module_anywhere:X", "cannot be imported"),
        ("broken_adapter:X", "cannot be imported: No module named 'no_such_module_anywhere'"),
        ("adapter_of_test_form_loading:Missing", "has no class Missing"),
        ("adapter_of_test_form_loading:NOT_A_CLASS", "has no class NOT_A_CLASS"),
        ("adapter_of_test_form_loading:Half", "Half lacks is_signed_in, list_records, fetch_document"),
    ],
)
@pytest.mark.usefixtures("module")
def test_refusal_says_what_is_wrong_when_there_is_no_such_adapter(spec: str, reason: str) -> None:
    with pytest.raises(AdapterNotLoaded, match=reason):
        load_adapter(spec, SETTINGS)
