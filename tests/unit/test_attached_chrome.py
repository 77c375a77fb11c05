"""What is ours in a Chrome that is not, and what its user downloads meanwhile."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from chrome_launcher.errors import ChromeNotAttached
from chrome_launcher.running import find_running
from chrome_launcher.tabs import TabInfo
from supervisor.attached_tabs import AttachedTabs, close_noted_tabs, ours_of
from supervisor.own_downloads import OwnDownloads
from supervisor.work_dir import WorkDir
from tabworker.pdf_as_download import as_attachment, is_shown_pdf
from tabworker.resource_blocking import blocked_addresses

BLANK = "about:blank#tabcrew-run-1"
MINE, OURS, UNNOTED = (
    TabInfo("mine", "http://mail/", None),
    TabInfo("ours", "http://p/", None),
    TabInfo("x", BLANK, None),
)


def test_ours_are_noted_tabs_unused_ones_and_what_they_opened() -> None:
    popup = TabInfo("popup", "http://p/pdf", "ours")
    of_popup = TabInfo("popup 2", "http://p/pdf", "popup")
    orphan = TabInfo("orphan", "http://p/pdf", "closed")  # its opener was ours and is gone
    users_popup = TabInfo("mine 2", "http://mail/", "mine")
    other_run = TabInfo("other", "about:blank#tabcrew-run-2", None)
    tabs = [MINE, of_popup, popup, OURS, UNNOTED, orphan, users_popup, other_run]
    assert ours_of(tabs, ["ours", "closed"], BLANK) == {"ours", "x", "popup", "popup 2", "orphan"}


def test_note_is_removed_when_its_chrome_has_ended_or_it_is_cut_off(tmp_path: Path) -> None:
    note = tmp_path / "note"
    close_noted_tabs(note)
    AttachedTabs(note, "ws://127.0.0.1:1/devtools/browser/gone", "http://127.0.0.1:1", "run-1").note("ours")
    assert note.stat().st_mode & 0o077 == 0
    close_noted_tabs(note)
    assert not note.exists()
    note.write_text("ws://127.0.0.1:1/devt")
    close_noted_tabs(note)
    assert not note.exists()


@pytest.fixture
def work_dir(tmp_path: Path) -> WorkDir:
    work_dir = WorkDir(tmp_path)
    work_dir.prepare(profile=False)
    work_dir.clear_staging()
    return work_dir


class Browsing:
    """Plays the events of a Chrome in which ``ours`` belongs to us and ``mine`` to its user."""

    def __init__(self, work_dir: WorkDir) -> None:
        self.said: list[str] = []
        self.work_dir = work_dir
        self.own = OwnDownloads(work_dir, lambda tabs: ours_of(tabs, ["ours"], BLANK), self.said.append)
        for tab in (MINE, OURS):
            info = {"targetId": tab.target_id, "url": tab.url}
            self.own.on_event({"method": "Target.targetCreated", "params": {"targetInfo": info}})

    def download(self, frame: str, guid: str, name: str) -> None:
        begun = {"frameId": frame, "guid": guid, "suggestedFilename": name, "url": "http://x/"}
        self.own.on_event({"method": "Browser.downloadWillBegin", "params": begun})
        (self.work_dir.downloads / guid).write_text(guid)
        ended = {"guid": guid, "state": "completed"}
        self.own.on_event({"method": "Browser.downloadProgress", "params": ended})

    def handed_over(self) -> dict[str, str]:
        folder = self.work_dir.own_downloads
        return {path.name: path.read_text() for path in folder.glob("*")} if folder.exists() else {}


def test_download_is_handed_over_when_a_tab_of_the_user_began_it(work_dir: WorkDir) -> None:
    browsing = Browsing(work_dir)
    browsing.download("mine", "guid-1", "letter.txt")
    browsing.download("mine", "guid-2", "letter.txt")
    browsing.download("mine", "guid-3", "../../.ssh/config")
    browsing.download("ours", "guid-4", "V-0001.pdf")
    assert browsing.handed_over() == {
        "letter.txt": "guid-1",
        "guid-2-letter.txt": "guid-2",
        "config": "guid-3",
    }
    assert (work_dir.downloads / "guid-4").exists()
    assert len(browsing.said) == 3


def test_download_of_an_unknown_frame_is_handed_over_when_the_run_ends_and_nobody_took_it(
    work_dir: WorkDir,
) -> None:
    browsing = Browsing(work_dir)
    browsing.download("a frame", "guid-1", "letter.txt")
    browsing.download("another frame", "guid-2", "V-0001.pdf")
    (work_dir.downloads / "guid-2").unlink()  # a worker took it
    assert browsing.handed_over() == {}
    browsing.own.hand_over_rest()
    assert browsing.handed_over() == {"letter.txt": "guid-1"}


def test_pdf_is_saved_only_when_the_portal_meant_it_to_be_shown() -> None:
    pdf = {"name": "Content-Type", "value": "application/PDF; x=y"}
    inline = {"name": "content-disposition", "value": "inline; filename=a.pdf"}
    attachment = {"name": "Content-Disposition", "value": "Attachment; filename=a.pdf"}
    assert is_shown_pdf([pdf])
    assert is_shown_pdf([pdf, inline])
    assert not is_shown_pdf([pdf, attachment])
    assert not is_shown_pdf([{"name": "Content-Type", "value": "text/html"}])
    assert not is_shown_pdf([])
    assert as_attachment([pdf, inline]) == [pdf, {"name": "Content-Disposition", "value": "attachment"}]


def test_images_and_hosts_are_blocked_by_address_when_no_switch_can_be_set() -> None:
    ours, theirs = (blocked_addresses(("image",), ("ads.example",), by_switches=own) for own in (True, False))
    assert ours == ()
    assert {"*://ads.example/*", "*://*.ads.example/*", "*://*/*.png", "*://*/*.png?*"} <= set(theirs)


@pytest.fixture
def answering() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = {"Browser": "Chrome/1", "webSocketDebuggerUrl": "ws://elsewhere:1/devtools/browser/id-1"}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """A test's output is not a server's log."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_running_chrome_is_taken_at_the_address_given_and_not_where_it_points(answering: HTTPServer) -> None:
    address = f"http://127.0.0.1:{answering.server_port}"
    assert find_running(address).ws_url == f"ws://127.0.0.1:{answering.server_port}/devtools/browser/id-1"


def test_running_chrome_is_asked_for_with_what_to_do_when_nobody_answers(answering: HTTPServer) -> None:
    port = answering.server_port
    answering.server_close()
    with pytest.raises(ChromeNotAttached, match=rf"--remote-debugging-port={port}.*--user-data-dir"):
        find_running(f"http://127.0.0.1:{port}", timeout_s=0.5)
