"""Killing real children: whole trees, stopped ones, never a stranger."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chrome_launcher.process_tree import (
    ProcessIdentity,
    kill_session,
    kill_tree,
    processes_of_profile,
    processes_with_environment,
    sweep_profile,
)
from chrome_launcher.switches import crash_folder, profile_switch
from tests.support.eventually import eventually

Child = subprocess.Popen[bytes]
Spawn = Callable[..., Child]

WAIT = "import sys; sys.stdout.write('up'); sys.stdout.flush(); sys.stdin.read()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAIT!r}, *sys.argv[1:]])"
FORKS_ON_AND_ON = """
import os, sys, time
for number in range(3000):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    if number == 3:
        sys.stdout.write("up")
        sys.stdout.flush()
    time.sleep(0.001)
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends signals and reads sessions")


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start Python children that wait; each is up when this returns, and none is left after the test."""
    children: list[Child] = []

    def start(
        *arguments: str, code: str = WAIT, session: bool = False, environment: dict[str, str] | None = None
    ) -> Child:
        child = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=session,
            env={**os.environ, **(environment or {})},
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.read(2) == b"up"
        return child

    yield start
    for child in children:
        if child.poll() is None:
            kill_tree(child.pid)
        with child:
            child.kill()


def identity(child: Child) -> ProcessIdentity:
    found = ProcessIdentity.of(child.pid)
    assert found is not None
    return found


def test_kill_tree_kills_the_grandchild_when_there_is_one(spawn: Spawn) -> None:
    parent = spawn(code=PARENT)
    (grandchild,) = psutil.Process(parent.pid).children()
    assert kill_tree(identity(parent)) == []
    assert not ProcessIdentity(grandchild.pid, grandchild.create_time()).is_alive()


def test_kill_tree_kills_all_when_they_are_stopped(spawn: Spawn) -> None:
    parent = spawn(code=PARENT)
    (grandchild,) = psutil.Process(parent.pid).children()
    os.kill(grandchild.pid, signal.SIGSTOP)
    os.kill(parent.pid, signal.SIGSTOP)
    dead = ProcessIdentity.of(grandchild.pid)
    assert kill_tree(identity(parent)) == []
    assert dead is not None
    assert not dead.is_alive()


def test_kill_tree_misses_none_when_the_tree_grows_meanwhile(spawn: Spawn) -> None:
    parent = spawn(code=FORKS_ON_AND_ON, environment={"TABCREW_TEST_RUN": "forks"})
    assert kill_tree(identity(parent)) == []
    missed = processes_with_environment("TABCREW_TEST_RUN", "forks")
    for process in missed:
        process.kill()
    assert missed == []


def test_kill_tree_leaves_the_exit_code_to_the_owner_when_it_kills_a_child(spawn: Spawn) -> None:
    child = spawn()
    kill_tree(identity(child))
    assert child.wait(5) == -signal.SIGKILL


def test_kill_tree_kills_nobody_when_the_pid_was_reused(spawn: Spawn) -> None:
    child = spawn()
    earlier = ProcessIdentity(child.pid, identity(child).create_time - 60)
    assert kill_tree(earlier) == []
    assert child.poll() is None
    assert not earlier.is_alive()


def test_identity_is_dead_when_its_process_is_a_zombie(spawn: Spawn) -> None:
    child = spawn()
    was = identity(child)
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE, 5.0)
    assert not was.is_alive()
    assert ProcessIdentity.of(child.pid) is None


def test_kill_session_kills_the_orphan_when_its_leader_is_dead(spawn: Spawn) -> None:
    leader = spawn(code=PARENT, session=True)
    (orphan,) = psutil.Process(leader.pid).children()
    leader.kill()
    leader.wait()
    assert orphan.is_running()
    assert kill_session(leader.pid) == [orphan.pid]
    assert kill_session(leader.pid) == []


def test_sweep_profile_kills_exactly_its_own_when_others_have_like_names(
    spawn: Spawn, tmp_path: Path
) -> None:
    mine = spawn(profile_switch(tmp_path / "profile"))
    others = [
        spawn(profile_switch(tmp_path / name)) for name in ("profile2", "profile 2", "prof", "profile/sub")
    ]
    others.append(spawn(f"--other={tmp_path / 'profile'}"))
    assert sweep_profile(tmp_path / "profile") == [mine.pid]
    assert [child.poll() for child in others] == [None] * 5


def test_sweep_profile_finds_a_renderer_when_its_command_line_is_one_text(
    spawn: Spawn, tmp_path: Path
) -> None:
    profile = tmp_path / "a profile"
    # As Chrome's zygote writes it: all arguments in one, joined by spaces.
    renderer = spawn(f"chrome --type=renderer {profile_switch(profile)} --lang=en --user-data-dir-not=x")
    last = spawn(f"chrome --type=utility {profile_switch(profile)}")
    other = spawn(f"chrome --type=renderer {profile_switch(profile)} 2 --lang=en")
    assert sorted(sweep_profile(profile)) == sorted([renderer.pid, last.pid])
    assert other.poll() is None


def test_sweep_profile_finds_the_keeper_of_crash_reports_when_chrome_is_gone(
    spawn: Spawn, tmp_path: Path
) -> None:
    keeper = spawn(f"--database={crash_folder(tmp_path)}")
    assert sweep_profile(tmp_path) == [keeper.pid]


def test_processes_of_profile_finds_none_when_the_process_is_a_zombie(spawn: Spawn, tmp_path: Path) -> None:
    child = spawn(profile_switch(tmp_path))
    assert [process.pid for process in processes_of_profile(tmp_path)] == [child.pid]
    child.kill()
    eventually(lambda: processes_of_profile(tmp_path) == [], 5.0)


def test_processes_with_environment_finds_a_grandchild_when_its_parent_is_marked(spawn: Spawn) -> None:
    parent = spawn(code=PARENT, environment={"TABCREW_TEST_RUN": "a"})
    spawn(environment={"TABCREW_TEST_RUN": "ab"})
    (grandchild,) = psutil.Process(parent.pid).children()
    found = {process.pid for process in processes_with_environment("TABCREW_TEST_RUN", "a")}
    assert found == {parent.pid, grandchild.pid}
