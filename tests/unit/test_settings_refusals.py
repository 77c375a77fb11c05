"""Files, sections and keys that are wrong, and values that contradict each other, with the words for it.

Values that are wrong by themselves: test_settings_wrong_values.
"""

from pathlib import Path

import pytest

from supervisor.settings import SettingsError, load_settings
from tests.support.settings_files import load, refusal, write_settings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # the file's own grammar
        ("workers = 3\n", "settings.ini line 1: expected a [section] before the first key"),
        (
            "[run]\nworkers\n",
            "settings.ini line 2: expected key = value, [section], or a comment that begins with # or ;",
        ),
        (
            "[run]\nworkers = 3\nworkers = 4\n",
            "settings.ini line 3 [run] workers: stands there twice: keep one of them",
        ),
        ("[run]\n[chrome]\n[run]\n", "settings.ini line 3 [run]: the section stands there twice: join them"),
        # sections and keys that do not exist
        ("[rum]\nworkers = 3\n", "settings.ini [rum] workers: no such section; did you mean [run]?"),
        ("[chrom]\n", "settings.ini [chrom]: no such section; did you mean [chrome]?"),
        (
            "[xyz]\n",
            "settings.ini [xyz]: no such section; known are "
            "[run], [chrome], [watchdog], [retry], [pacing], [portal], [logging]",
        ),
        ("[run]\nwokers = 3\n", "settings.ini [run] wokers: no such key; did you mean workers?"),
        ("[run]\nWorkers = 3\n", "settings.ini [run] Workers: no such key; did you mean workers?"),
        (
            "[retry]\nzzz = 3\n",
            "settings.ini [retry] zzz: no such key; "
            "known are max_retries, backoff_s, backoff_max_s, max_worker_deaths",
        ),
        (
            "[run]\ntask_timeout_s = 3\n",
            "settings.ini [run] task_timeout_s: no such key here: it belongs to [watchdog]",
        ),
        (
            "[run]\n  #workers = 3\n",
            "settings.ini [run] #workers: no such key: "
            "a comment begins with # in the first column, or with ;",
        ),
        (
            "[chrome]\npath = /usr/bin/chromium\n\n  headless = false\n",
            "settings.ini [chrome] path = '/usr/bin/chromium\\n\\nheadless = false': "
            "expected one line: the line below it is indented, so it counts as a part of this value",
        ),
        # hints
        (
            "[run]\nlimit = 5 # five\n",
            "settings.ini [run] limit = '5 # five': expected a whole number, 0 or more "
            "(a comment needs a line of its own)",
        ),
        # contradictions of several keys; of one key with the defaults: tests/support/wrong_settings
        (
            "[chrome]\nblock_hosts = *.Example.com\n[portal]\nurl = https://fleet.example.com\n"
            "signed_in_selector = #me\ndocument_url = /{ref}\nexport_selector = #x\n",
            "settings.ini [chrome] block_hosts = '*.Example.com': must not name the portal's own host "
            "(fleet.example.com): it could not be asked for anything",
        ),
        (
            "[watchdog]\nheartbeat_s = 5\n",
            "default [watchdog] heartbeat_timeout_s = '10': "
            "must be more than twice heartbeat_s (5), or one late beat kills it",
        ),
        (
            "[retry]\nbackoff_s = 300\n",
            "default [retry] backoff_max_s = '120': must not be less than backoff_s (300)",
        ),
        (
            "[portal]\nexport_selector =\n",
            "settings.ini [portal] export_selector = '': must not be empty with inventory = csv_export",
        ),
        (
            "[portal]\ninventory = table\ntable_row_selector =\n",
            "settings.ini [portal] table_row_selector = '': must not be empty with inventory = table",
        ),
        (
            "[portal]\ninventory_url =\n",
            "settings.ini [portal] inventory_url = '': must not be empty with inventory = csv_export",
        ),
        (
            "[portal]\ncapture = fetch\ndocument_url =\ndocument_selector =\n",
            "settings.ini [portal] document_url = '': must not be empty with capture = fetch "
            "unless document_selector names a link to it",
        ),
        (
            "[portal]\ndocument_selector =\n",
            "settings.ini [portal] document_selector = '': must not be empty with capture = click",
        ),
        (
            "[portal]\nrecord_url =\nsearch_selector =\n",
            "settings.ini [portal] record_url = '': "
            "must not be empty with capture = click unless search_url or search_selector is set",
        ),
        (
            "[portal]\nrecord_url = /records/V-1\n",
            "settings.ini [portal] record_url = '/records/V-1': "
            "must hold {ref} or {column name}, or every record would get the same document",
        ),
        (
            "[portal]\npaging = load_more\nnext_page_selector =\ninventory = table\n",
            "settings.ini [portal] next_page_selector = '': must not be empty with paging = load_more",
        ),
        (
            "[portal]\ninventory = table\npaging = number\n",
            "the demo's default [portal] inventory_url = '/inventory': "
            "must hold {page} or {offset} with paging = number",
        ),
        (
            "[portal]\ninventory_url = /list?p={page}\n",
            "settings.ini [portal] inventory_url = '/list?p={page}': "
            "holds {page} or {offset}, which needs inventory = table and paging = number",
        ),
        (
            "[portal]\ninventory = json\n",
            "default [portal] json_url = '': must not be empty with inventory = json",
        ),
        (
            "[portal]\ninventory = json\njson_url = /api?x={ref}\n",
            "settings.ini [portal] json_url = '/api?x={ref}': "
            "may hold {page}, {offset} or {cursor}, but not {ref}",
        ),
        (
            "[portal]\ninventory = json\njson_url = /api?x={cursor}\n",
            "default [portal] json_next_path = '': must not be empty while {cursor} stands in json_url",
        ),
        (
            "[portal]\ndocument_names = a, b\n",
            "settings.ini [portal] document_names = 'a, b': needs {document} or {n} in the address or "
            "selector of the document, or all of a record's would be the same",
        ),
        (
            "[portal]\nsearch_url = /find\n",
            "settings.ini [portal] search_url = '/find': "
            "must hold {ref} or {column name}, or every record would get the same document",
        ),
        (
            "[portal]\nsigned_in_selector =\n",
            "settings.ini [portal] signed_in_selector = '': "
            "must not be empty while sign_in_url is set and signed_in_url is not: the session must be proven",
        ),
    ],
)
def test_settings_are_refused_when_the_file_is_wrong(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(tmp_path, text) == [problem]


def test_settings_are_refused_when_the_inventory_file_is_not_given(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[portal]\ninventory = file\n") == [
        "the demo's default [portal] inventory_file = '': must not be empty with inventory = file"
    ]


def test_settings_load_when_the_inventory_file_exists(tmp_path: Path) -> None:
    (tmp_path / "refs.csv").write_text("Reference\nV-0001\n")
    text = "[portal]\ninventory = file\ninventory_file = refs.csv\n"
    assert load(tmp_path, text).portal.inventory_file == tmp_path / "refs.csv"


@pytest.mark.parametrize(
    "text",
    [
        "signed_in_selector =\nsigned_in_url = /app/*\n",
        'record_url = /all\ndocument_selector = text="{ref}"\n',
        "capture = fetch\ndocument_url =\ndocument_selector = a.pdf\n",
        "document_names = a, b\ncapture = fetch\ndocument_url = /{ref}/{document}.pdf\n",
        "document_names = a, b\ndocument_menu_selectors = text={document}\n",
        "record_url =\nsearch_selector =\nsearch_url = /find?q={ref}\n",
        "document_selector =\ndocuments_selector = a.pdf\ntask_name = {ref} {n}\n",
        "document_names = a, a\ntask_name = {ref} {n}\ndocument_menu_selectors = text={n}\n",
    ],
)
def test_settings_load_when_another_key_serves_instead(tmp_path: Path, text: str) -> None:
    load(tmp_path, f"[portal]\n{text}")


def test_settings_skip_the_form_when_the_adapter_is_a_class(tmp_path: Path) -> None:
    text = "[portal]\nadapter = my_portal:MyPortal\nexport_selector =\nsigned_in_selector =\n"
    assert load(tmp_path, text).portal.adapter == "my_portal:MyPortal"


def test_settings_are_refused_when_a_variable_is_unknown(tmp_path: Path) -> None:
    assert refusal(
        tmp_path, environ={"TABCREW__RUN__WORKER": "3", "TABCREW__RNU__LIMIT": "3", "TABCREW__X": "3"}
    ) == [
        "environment TABCREW__RUN__WORKER [run] worker: no such key; did you mean workers?",
        "environment TABCREW__RNU__LIMIT [rnu] limit: no such section; did you mean [run]?",
        "environment TABCREW__X [x] : no such section; known are "
        "[run], [chrome], [watchdog], [retry], [pacing], [portal], [logging]",
    ]


def test_settings_list_all_problems_when_there_are_several(tmp_path: Path) -> None:
    text = "[run]\nwokers = 3\nlimit = x\n[chrom]\npath = y\n[retry]\nbackoff_s = 300\n"
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text, {"HEADLESS": "perhaps"})
    assert len(caught.value.problems) == 5
    assert str(caught.value).startswith("5 problems in the settings, nothing was started:\n  - ")


@pytest.mark.parametrize("key", ["password", "username", "portal_password", "api_secret", "token", "login"])
def test_settings_say_where_secrets_belong_when_the_file_holds_one(tmp_path: Path, key: str) -> None:
    [problem] = refusal(tmp_path, f"[portal]\n{key} = hunter2\n")
    assert problem.startswith(f"settings.ini [portal] {key}: secrets do not belong here")
    assert "TABCREW_PASSWORD" in problem
    assert "hunter2" not in problem


def test_settings_hide_the_value_when_a_key_is_unknown(tmp_path: Path) -> None:
    [problem] = refusal(tmp_path, "[portal]\npw = hunter2\n")
    assert "hunter2" not in problem


def test_settings_hide_the_password_when_the_address_holds_one(tmp_path: Path) -> None:
    [problem] = refusal(tmp_path, "[portal]\nurl = https://me:hunter2@fleet.example.com\n")
    assert "hunter2" not in problem
    assert "TABCREW_PASSWORD" in problem


def test_settings_shorten_a_value_when_it_is_long_and_escape_control_characters(tmp_path: Path) -> None:
    [problem] = refusal(tmp_path, f"[run]\nworkers = \x1b[31m{'9' * 500}\n")
    assert "\x1b" not in problem
    assert len(problem) < 200


def test_settings_are_refused_when_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such settings file: name another with --settings"):
        load_settings(tmp_path / "nowhere.ini", {})


def test_settings_are_refused_when_the_file_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_settings_name_the_line_when_the_file_is_not_utf_8(tmp_path: Path) -> None:
    path = write_settings(tmp_path)
    path.write_bytes(b"[run]\n# gr\xfc\xdfe\n")
    with pytest.raises(SettingsError, match=r"settings\.ini line 2: is not UTF-8"):
        load_settings(path, {})


def test_settings_are_refused_when_dotenv_is_not_utf_8(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"A=\xff\n")
    with pytest.raises(SettingsError, match="cannot be read as UTF-8"):
        load(tmp_path, dotenv=dotenv)


def test_settings_are_refused_when_a_section_is_called_default(tmp_path: Path) -> None:
    [problem] = refusal(tmp_path, "[DEFAULT]\nworkers = 3\n")
    assert problem.startswith("settings.ini [DEFAULT] workers: no such section")
