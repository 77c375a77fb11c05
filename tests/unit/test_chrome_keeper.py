"""What the keeper makes of a Chrome that lives and yet does not answer; its port is a real socket."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from chrome_launcher.chrome import Chrome
from chrome_launcher.process_tree import ProcessIdentity
from chrome_launcher.root_connection import RootConnection
from supervisor.chrome_keeper import ChromeKeeper, ChromeState
from supervisor.launched_chrome import Launch, LaunchedChrome
from supervisor.settings_sections import ChromeSettings
from supervisor.work_dir import WorkDir
from tests.support.chrome import false_chrome
from tests.support.eventually import eventually


@dataclass
class Peer:
    """A debugging port: answers every command with ``result`` while it is ``well``."""

    result: dict[str, Any] = field(default_factory=dict)
    well: bool = True
    connections: list[ServerConnection] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def handle(self, websocket: ServerConnection) -> None:
        self.connections.append(websocket)
        try:
            for message in websocket:
                command = json.loads(message)
                self.heard.append(command["method"])
                if self.well:
                    websocket.send(json.dumps({"id": command["id"], "result": self.result}))
        except ConnectionClosed:
            return


@contextmanager
def keeper_of(peer: Peer, folder: Path) -> Iterator[ChromeKeeper]:
    """A keeper whose Chrome is up: its process only sleeps, its debugging port is ``peer``."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    identity = ProcessIdentity.of(process.pid)
    assert identity is not None
    with serve(peer.handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        chrome = Chrome(
            identity, process, url, url, "Chrome/1", True, folder / "profile", folder / "chrome.log"
        )
        settings, work_dir = ChromeSettings(probe_timeout_s=3), WorkDir(folder)
        launch = Launch(settings, work_dir, 1, True, (), lambda _: None)
        keeper = ChromeKeeper(settings, work_dir, launch, lambda: None)
        keeper._running = LaunchedChrome(chrome, RootConnection.connect(url), headless=True)
        keeper.state = ChromeState.UP
        try:
            yield keeper
        finally:
            keeper.clear_away()
            keeper.stop()
            server.shutdown()
            thread.join(5)
            process.kill()
            process.wait()


def test_chrome_is_down_when_its_debugging_port_dies_while_it_lives(tmp_path: Path) -> None:
    peer = Peer()
    with keeper_of(peer, tmp_path) as keeper:
        assert not keeper.look(100.0)
        eventually(lambda: peer.connections, within_s=5)
        peer.connections[0].close_socket()
        eventually(lambda: keeper.look(101.0), within_s=5)
        assert keeper.state is ChromeState.DOWN
        assert "closed its debugging port" in keeper.why
        assert keeper.restarts.total == 1


def test_chrome_is_down_when_it_does_not_answer_in_time_and_not_before(tmp_path: Path) -> None:
    peer = Peer(well=False)
    with keeper_of(peer, tmp_path) as keeper:
        assert not keeper.look(100.0)  # sends the probe
        assert not keeper.look(102.9)
        assert keeper.look(103.1)
        assert keeper.state is ChromeState.DOWN
        assert "did not answer for 3.1 s (limit 3.0" in keeper.why


def test_session_is_given_back_once_when_whoever_held_the_cookies_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = Peer({"cookies": [{"name": "sid", "value": "1", "domain": "p", "path": "/", "session": True}]})
    dead = ProcessIdentity(2**22 - 1, 0.0)
    with keeper_of(peer, tmp_path) as keeper:
        services = iter([ProcessIdentity.of(1), None])
        monkeypatch.setattr(Chrome, "network_service", lambda _: next(services))
        keeper.remember_session()
        keeper.give_back_session()
        assert "Storage.setCookies" not in peer.heard  # its holder lives: the portal itself ended the session
        keeper._network = dead
        keeper.give_back_session()
        keeper.give_back_session()
        assert peer.heard.count("Storage.setCookies") == 1


def test_run_goes_on_when_chrome_freezes_while_its_cookies_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervisor.chrome_keeper.get_cookies.__kwdefaults__", {"timeout_s": 0.2})
    with keeper_of(Peer(well=False), tmp_path) as keeper:
        keeper.remember_session()
        assert keeper.state is ChromeState.UP  # the next look finds out


@pytest.mark.skipif(os.name == "nt", reason="the false Chrome is a shell script")
@pytest.mark.parametrize(("end", "tries"), [("kill -9 $$", 3), ("exit 1", 1)])
def test_chrome_is_started_again_as_often_as_allowed_when_it_was_killed_while_it_started(
    tmp_path: Path, end: str, tries: int
) -> None:
    chrome = false_chrome(
        tmp_path, f'[ "$1" = --version ] && exec echo Chromium 1.0\necho try >> {tmp_path}/tries\n{end}'
    )
    settings, work_dir = ChromeSettings(path=str(chrome), max_restarts=2), WorkDir(tmp_path)
    work_dir.logs.mkdir(exist_ok=True)
    keeper = ChromeKeeper(settings, work_dir, Launch(settings, work_dir, 1, True, (), print), lambda: None)
    while keeper.state is ChromeState.DOWN:
        keeper.start()
        eventually(lambda: keeper.look(100.0), within_s=10)
    assert keeper.state is ChromeState.BROKEN
    assert "ended with code" in keeper.why
    assert (tmp_path / "tries").read_text().split() == ["try"] * tries
    keeper.stop()
