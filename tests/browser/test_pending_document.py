"""A document that never comes: the tab that waited for it stays usable, and a crashed one says so at once."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError

from chrome_launcher.process_tree import processes_of_profile
from tabworker.adapters.form import FormAdapter
from tabworker.evidence import save_evidence
from tabworker.failures import Transient
from tabworker.messages import Credentials, Record
from tabworker.tab import Tab
from tests.support.portal import PASSWORD, USERNAME, PortalProcess, demo_form_settings
from tests.support.tabs import tab_bench

RECORD_OF_WAY = {"attachment": "V-0001", "inline": "V-0002", "new-tab": "V-0003", "post": "V-0004"}


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[PortalProcess]:
    with PortalProcess(tmp_path, records=5, faults="hang=1,times=9") as portal:
        yield portal


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with tab_bench(tmp_path) as bench, bench.tab(tmp_path / "captured.pdf") as tab:
        yield tab


def signed_in(tab: Tab, url: str, step_timeout_s: float) -> FormAdapter:
    """An adapter with this time for a step; the sign-in, which is not the subject, has the usual time."""
    FormAdapter(demo_form_settings(url)).sign_in(tab, Credentials(USERNAME, PASSWORD))
    return FormAdapter(demo_form_settings(url, step_timeout_s=step_timeout_s))


@pytest.mark.parametrize("way", RECORD_OF_WAY)
def test_tab_still_answers_when_a_document_did_not_come(
    tab: Tab, hanging: PortalProcess, tmp_path: Path, way: str
) -> None:
    adapter = signed_in(tab, hanging.url, step_timeout_s=2)
    began_at = time.monotonic()
    with pytest.raises(Transient, match="led to no document"):
        adapter.fetch_document(tab, Record(RECORD_OF_WAY[way]))
    assert time.monotonic() - began_at < 4
    assert tab.is_responsive(within_s=2.0)
    kept = save_evidence(tab, tmp_path / "failures", way, "it did not come", "capture")
    assert {".txt", ".html"} <= {Path(name).suffix for name in kept}


def test_next_attempt_reaches_the_portal_when_a_popup_still_waits_for_it(
    tab: Tab, hanging: PortalProcess
) -> None:
    adapter = signed_in(tab, hanging.url, step_timeout_s=2)
    for attempt in (1, 2):
        with pytest.raises(Transient, match="led to no document"):
            adapter.fetch_document(tab, Record(RECORD_OF_WAY["new-tab"]))
        assert len(hanging.audit("fault")) == attempt  # else Chrome holds it back until the first is answered
        tab.popups.close_all()


def test_failure_comes_at_once_when_the_tab_crashes_while_a_document_is_awaited(
    tab: Tab, hanging: PortalProcess, tmp_path: Path
) -> None:
    adapter = signed_in(tab, hanging.url, step_timeout_s=30)
    kill = threading.Timer(1.5, kill_renderers, [tmp_path / "profile"])
    began_at = time.monotonic()
    kill.start()
    with pytest.raises((Transient, PlaywrightError), match="crashed"):
        adapter.fetch_document(tab, Record(RECORD_OF_WAY["inline"]))
    assert time.monotonic() - began_at < 6
    assert tab.crashed
    assert not tab.is_responsive(within_s=2.0)


def kill_renderers(profile: Path) -> None:
    for process in processes_of_profile(profile):
        if "--type=renderer" in " ".join(process.cmdline()):
            process.kill()
