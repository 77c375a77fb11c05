"""Closing tabs whose pages do all they can to stay."""

import os
import signal
from pathlib import Path

import pytest

from chrome_launcher.chrome import Chrome
from chrome_launcher.process_tree import processes_of_profile
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import close_tab, list_tabs, open_tab, submit_open_tab
from tests.support.chrome import root_connection, running_chrome
from tests.support.eventually import eventually

NOBODY = "http://127.0.0.1:1"
"""An HTTP endpoint that does not answer: the close must come from the crash."""

BEFORE_UNLOAD = "addEventListener('beforeunload', e => { e.preventDefault(); e.returnValue = 'stay' });"


def open_with(root: RootConnection, script: str) -> str:
    """A tab whose page runs this script as if a person had just clicked in it. Does not wait for its end."""
    tab = open_tab(root, "data:text/html,<title>x</title>")
    session = root.call("Target.attachToTarget", {"targetId": tab, "flatten": True})["sessionId"]
    eventually(lambda: "x" in titles(root), 5.0, "the page is there")
    root.submit("Runtime.evaluate", {"expression": script, "userGesture": True}, session)
    return tab


def titles(root: RootConnection) -> list[str]:
    return [target["title"] for target in root.call("Target.getTargets")["targetInfos"]]


def answers(root: RootConnection, tab: str) -> bool:
    session = root.call("Target.attachToTarget", {"targetId": tab, "flatten": True})["sessionId"]
    return bool(root.call("Runtime.evaluate", {"expression": "1"}, session_id=session))


def close(root: RootConnection, chrome: Chrome, tab: str) -> bool:
    return close_tab(root, chrome.http_url, tab)


@pytest.mark.parametrize(
    "script",
    [
        "1",
        "while (true) {}",
        BEFORE_UNLOAD,
        BEFORE_UNLOAD + "while (true) {}",
        "alert('stay')",
        "confirm('stay')",
        "onunload = () => { while (true) {} }",
        "setInterval(() => { location.hash = Math.random() }, 1)",
    ],
    ids=[
        "idle",
        "loop",
        "beforeunload",
        "beforeunload in a loop",
        "alert",
        "confirm",
        "unload loop",
        "navigating",
    ],
)
def test_close_tab_closes_it_and_no_other_when_the_page_resists(tmp_path: Path, script: str) -> None:
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        other = open_tab(root)
        tab = open_with(root, script)
        assert close(root, chrome, tab)
        assert tab not in {each.target_id for each in list_tabs(root)}
        assert answers(root, other)


def test_close_tab_crashes_the_page_when_the_polite_way_does_not_work(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        other = open_tab(root)
        tab = open_with(root, BEFORE_UNLOAD + "while (true) {}")
        assert close_tab(root, NOBODY, tab, within_s=4.0)
        assert answers(root, other)


def test_close_tab_closes_its_popups_too_when_it_opened_some(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        before = {each.target_id for each in list_tabs(root)}
        tab = open_with(root, "window.open('about:blank').open('about:blank')")
        eventually(lambda: len(list_tabs(root)) == len(before) + 3, 5.0, "tab, pop-up, its pop-up")
        assert close(root, chrome, tab)
        assert {each.target_id for each in list_tabs(root)} == before


@pytest.mark.skipif(os.name == "nt", reason="stops processes by signal")
def test_close_tab_closes_it_when_its_renderer_is_stopped(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        tab = open_with(root, BEFORE_UNLOAD)
        for process in processes_of_profile(tmp_path):
            if any("--type=renderer" in part for part in process.cmdline()):
                os.kill(process.pid, signal.SIGSTOP)
        assert close(root, chrome, tab)


def test_close_tab_is_true_when_it_is_closed_already(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        tab = open_tab(root)
        assert close(root, chrome, tab)
        assert close(root, chrome, tab)


def test_submit_open_tab_gives_the_tab_when_chrome_has_opened_it(tmp_path: Path) -> None:
    with running_chrome(tmp_path) as chrome, root_connection(chrome) as root:
        opened = [submit_open_tab(root) for _ in range(5)]
        tabs = {future.result(5) for future in opened}
        assert tabs < {each.target_id for each in list_tabs(root)}
        assert len(tabs) == 5
