"""Every key of every section with wrong values, from every source: refused at once, in words that help."""

from pathlib import Path

import pytest

from supervisor.cli.errors import end_on_error
from supervisor.exit_codes import ExitCode
from supervisor.settings import SettingsError
from supervisor.settings_errors import shown_value
from supervisor.settings_model import SECTIONS
from supervisor.settings_sources import SEED_NAMES
from tabworker.adapters.form import FormAdapter
from tests.support.settings_files import load, refusal
from tests.support.wrong_settings import FREE, WRONG, Key, Wrong

KEYS = {(section, key) for section, model in SECTIONS.items() for key in model.model_fields}
CASES = [
    pytest.param(key, wrong, id=f"{key[0]}-{key[1]}-{wrong.value[:20]}")
    for key, several in WRONG.items()
    for wrong in several
]
SAMPLES = [
    pytest.param(key, several[0], id="-".join(key)) for key, several in WRONG.items() if several[0].alone
]
NONSENSE = ("#[)(", "{", "' OR 1=1 --", r"\x %s ${HOME}", "🙂", "=" * 5000)


def variable(key: Key) -> str:
    return f"TABCREW__{key[0]}__{key[1]}".upper()


def test_every_key_is_tried_wrong_or_is_free_for_a_reason() -> None:
    assert WRONG.keys() | FREE.keys() == KEYS
    assert not WRONG.keys() & FREE.keys()
    assert all(WRONG.values())


@pytest.mark.parametrize(("key", "wrong"), CASES)
def test_value_is_refused_when_it_is_wrong(tmp_path: Path, key: Key, wrong: Wrong) -> None:
    text = f"[{key[0]}]\n{wrong.beside}{key[1]} = {wrong.value}\n"
    [problem] = refusal(tmp_path, text)
    assert problem == f"settings.ini [{key[0]}] {key[1]} = {shown_value(wrong.value)}: {wrong.expected}"
    assert "hunter2" not in problem


@pytest.mark.parametrize(("key", "wrong"), SAMPLES)
def test_refusal_names_the_variable_when_the_environment_is_wrong(
    tmp_path: Path, key: Key, wrong: Wrong
) -> None:
    [problem] = refusal(tmp_path, environ={variable(key): wrong.value})
    assert problem.startswith(
        f"environment {variable(key)} [{key[0]}] {key[1]} = {shown_value(wrong.value)}: "
    )
    assert problem.endswith(wrong.expected)


@pytest.mark.parametrize(("key", "wrong"), SAMPLES)
def test_refusal_names_dotenv_and_its_variable_when_dotenv_is_wrong(
    tmp_path: Path, key: Key, wrong: Wrong
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"{variable(key)}='{wrong.value}'\n")
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, dotenv=dotenv)
    [problem] = map(str, caught.value.problems)
    assert problem.startswith(f"{dotenv} {variable(key)} [{key[0]}] {key[1]} = {shown_value(wrong.value)}: ")
    assert problem.endswith(wrong.expected)
    assert end_on_error(caught.value) is ExitCode.USAGE


@pytest.mark.parametrize("name", SEED_NAMES)
def test_refusal_names_the_short_name_when_it_is_wrong(tmp_path: Path, name: str) -> None:
    section, key = SEED_NAMES[name]
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"{name}=nothing\n")
    for origin, environ, file in ("environment", {name: "nothing"}, None), (str(dotenv), {}, dotenv):
        with pytest.raises(SettingsError) as caught:
            load(tmp_path, environ=environ, dotenv=file)
        [problem] = map(str, caught.value.problems)
        assert problem.startswith(f"{origin} {name} [{section}] {key} = 'nothing': expected ")


@pytest.mark.parametrize(
    ("flag", "name", "value", "text"),
    [
        ("--workers", "run.workers", 99, ""),
        ("--limit", "run.limit", -1, ""),
        ("--limit", "run.limit", 10**30, ""),
        ("--work-dir", "run.work_dir", Path(__file__), ""),
        ("--visible/--headless", "chrome.headless", True, "[portal]\nsign_in = manual\n"),
    ],
)
def test_refusal_names_the_flag_when_it_is_wrong(
    tmp_path: Path, flag: str, name: str, value: object, text: str
) -> None:
    [problem] = refusal(tmp_path, text, overrides={name: value})
    section, _, key = name.partition(".")
    assert problem.startswith(f"flag {flag} [{section}] {key}")


@pytest.mark.parametrize("key", FREE, ids="-".join)
def test_any_text_is_harmless_at_the_start_when_a_key_is_free(tmp_path: Path, key: Key) -> None:
    for value in NONSENSE:
        settings = load(tmp_path, f"[{key[0]}]\n{key[1]} = {value}\n")
        assert getattr(getattr(settings, key[0]), key[1]) == value
        FormAdapter(settings.portal.form("http://127.0.0.1:1"))  # as a worker makes it when it boots
