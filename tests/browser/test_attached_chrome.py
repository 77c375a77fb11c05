"""A run in a Chrome that is not ours: its user's session is used, and everything of its user's stays."""

from pathlib import Path

from chrome_launcher.running import find_running
from tests.support.eventually import eventually
from tests.support.person import Person, own_chrome, person_at
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

RECORDS = 8


def assert_only_theirs_left(person: Person, tab: str) -> None:
    eventually(
        lambda: {one.target_id for one in person.tabs()} == {tab}, 6, "only the user's own tab is left"
    )
    assert person.evaluate(tab, "window.notes") == "half a letter"
    assert person.evaluate(tab, "!!document.querySelector('#account-menu')")


def test_users_tab_session_and_chrome_survive_when_a_run_is_killed_interrupted_and_finished(
    tmp_path: Path,
) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=0.2) as portal,
        own_chrome(tmp_path) as address,
        person_at(find_running(address).ws_url) as person,
    ):
        (blank,) = person.tabs()
        mine = person.open(f"{portal.url}/login")
        person.close(blank.target_id)
        person.sign_in(mine)
        person.evaluate(mine, "window.notes = 'half a letter'")
        with TabcrewProcess(tmp_path, portal.url, run__workers=2, chrome__attach=address) as crew:
            crew.wait_for_documents(1, within_s=60)
            assert len(person.tabs()) >= 3
            person.download(mine, "letter.txt")
            letter = crew.work_dir / "your-downloads" / "letter.txt"
            eventually(letter.exists, 5, "what the user downloaded meanwhile is handed over")
            assert letter.read_text() == "Dear Sir"
            crew.kill()
            assert_only_theirs_left(person, mine)
            person.download(mine, "second letter.txt")
            eventually((tmp_path / "Downloads" / "second letter.txt").exists, 5, "downloads go home again")
            crew.start()
            before = crew.done()
            crew.wait_for_documents(before + 1, within_s=60)
            crew.interrupt()
            crew.interrupt()
            assert crew.wait(within_s=20) == 130, crew.said()
            assert_only_theirs_left(person, mine)
            crew.start()
            assert crew.wait(within_s=90) == 0, crew.said()
            assert_only_theirs_left(person, mine)
            assert crew.done() == RECORDS
            assert portal.logins() == 1
            assert not (crew.work_dir / "profile").exists()
            assert not (crew.work_dir / "attached-tabs.txt").exists()
            crew.assert_clean()
            crew.start("--fresh")
            crew.worker(1, "busy")
            person.root.submit("Browser.close")
            assert crew.wait(within_s=20) == 5, crew.said()
            assert "Tabcrew did not start it and does not start it again" in crew.said()
            eventually(lambda: not crew.processes(), 3, "nothing of the run is left")
