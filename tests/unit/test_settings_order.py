"""Which source wins, and what each of them can say."""

from pathlib import Path

import pytest

from supervisor.settings_sources import SEED_NAMES
from tests.support.settings_files import load

INI = "[run]\nworkers = 2\n"


def test_settings_take_the_defaults_when_the_file_is_empty(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.run.workers == 5
    assert settings.run.work_dir == tmp_path / "work"
    assert settings.portal.is_demo


def test_settings_prefer_the_file_when_only_it_speaks(tmp_path: Path) -> None:
    assert load(tmp_path, INI).run.workers == 2


def test_settings_prefer_dotenv_when_file_and_dotenv_differ(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("NUM_WORKERS=3\n")
    assert load(tmp_path, INI, dotenv=dotenv).run.workers == 3


def test_settings_prefer_the_environment_when_dotenv_differs(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("TABCREW__RUN__WORKERS=3\n")
    assert load(tmp_path, INI, {"NUM_WORKERS": "4"}, dotenv).run.workers == 4


def test_settings_prefer_the_flag_when_all_sources_differ(tmp_path: Path) -> None:
    assert load(tmp_path, INI, {"NUM_WORKERS": "4"}, overrides={"run.workers": 6}).run.workers == 6


def test_settings_ignore_a_flag_when_it_was_not_given(tmp_path: Path) -> None:
    assert load(tmp_path, INI, overrides={"run.workers": None}).run.workers == 2


def test_settings_prefer_the_full_name_when_the_short_one_is_set_too(tmp_path: Path) -> None:
    environ = {"TABCREW__RUN__WORKERS": "7", "NUM_WORKERS": "4"}
    assert load(tmp_path, INI, environ).run.workers == 7


def test_settings_ignore_a_short_name_when_it_is_empty(tmp_path: Path) -> None:
    assert load(tmp_path, INI, {"NUM_WORKERS": " "}).run.workers == 2


def test_settings_take_an_empty_full_name_when_the_key_may_be_empty(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={"TABCREW__PORTAL__CLEAR_FILTERS_SELECTOR": ""})
    assert settings.portal.clear_filters_selector == ""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MAX_DOWNLOADS", "2000", 2000),
        ("NUM_WORKERS", "8", 8),
        ("HEADLESS", "false", False),
        ("BLOCK_RESOURCES", "no", False),
        ("TASK_TIMEOUT", "240", 240.0),
    ],
)
def test_settings_understand_a_short_name_when_it_is_set(
    tmp_path: Path, name: str, text: str, value: object
) -> None:
    section, key = SEED_NAMES[name]
    settings = load(tmp_path, environ={name: text})
    assert getattr(getattr(settings, section), key) == value


def test_settings_leave_other_variables_alone_when_they_load(tmp_path: Path) -> None:
    load(tmp_path, environ={"PATH": "/bin", "TABCREW_PASSWORD": "x", "TABCREW_RUN": "r", "WORKERS": "many"})


def test_settings_keep_a_hash_in_a_list_when_its_lines_are_indented(tmp_path: Path) -> None:
    text = "[portal]\nconsent_selectors =\n  #accept, #agree\n# a comment\n  #continue\n"
    assert load(tmp_path, text).portal.consent_selectors == ("#accept, #agree", "#continue")


def test_settings_split_a_list_at_commas_when_it_stands_on_one_line(tmp_path: Path) -> None:
    text = "[portal]\nconsent_selectors = #accept, #continue\n"
    assert load(tmp_path, text).portal.consent_selectors == ("#accept", "#continue")


def test_settings_keep_percent_signs_when_an_address_has_them(tmp_path: Path) -> None:
    text = "[portal]\ndocument_url = /a%20b/{ref}\n"
    assert load(tmp_path, text).portal.document_url == "/a%20b/{ref}"


def test_settings_read_the_file_when_it_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + INI).run.workers == 2


def test_settings_count_a_path_from_the_file_when_the_file_gives_it(tmp_path: Path) -> None:
    assert load(tmp_path, "[run]\nwork_dir = here/there\n").run.work_dir == tmp_path / "here" / "there"


def test_settings_count_a_path_from_the_current_folder_when_a_flag_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert load(tmp_path, overrides={"run.work_dir": "w"}).run.work_dir == elsewhere / "w"


def test_settings_keep_a_path_when_it_is_absolute(tmp_path: Path) -> None:
    assert load(tmp_path, f"[run]\nwork_dir = {tmp_path}/abs\n").run.work_dir == tmp_path / "abs"


def test_settings_use_the_general_form_when_the_portal_is_not_the_demo(tmp_path: Path) -> None:
    text = (
        "[portal]\nurl = https://fleet.example.com:8443/app\nsigned_in_selector = #me\n"
        "export_selector = #csv\ndocument_url = /doc/{ref}.pdf\n"
    )
    portal = load(tmp_path, text).portal
    assert (portal.capture, portal.username_selector) == ("fetch", "input[name=username]")
    assert portal.host == "fleet.example.com:8443"


def test_settings_hand_the_form_the_real_address_when_the_portal_is_the_demo(tmp_path: Path) -> None:
    form = load(tmp_path).portal.form("http://127.0.0.1:4711")
    assert (form.url, form.capture, form.document_selector) == (
        "http://127.0.0.1:4711",
        "click",
        "#get-report",
    )


def test_settings_cannot_be_changed_when_they_are_loaded(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.run.workers = 9  # type: ignore[misc]
