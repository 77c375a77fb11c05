"""Secrets stay in memory: whatever a portal echoes and whoever dies, no file, no log and no argv has them."""

import os
import re
import signal
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from tests.support.eventually import eventually
from tests.support.leaky_portal import (
    MARK,
    PASSWORD,
    TOTP_KEY,
    TOTP_SECRET,
    WRONG_PASSWORD,
    leaky_portal,
)
from tests.support.tabcrew import TabcrewProcess

FORM = {
    "portal__sign_in_url": "/login",
    "portal__username_selector": "input[name=user]",
    "portal__password_selector": "input[name=password]",
    "portal__totp_selector": "input[name=otp]",
    "portal__sign_in_button_selector": "button",
    "portal__sign_in_error_selector": "[role=alert]",
    "portal__signed_in_selector": "#me",
    "portal__end_other_session_selector": "",
    "portal__consent_selectors": "",
    "portal__inventory": "file",
    "portal__inventory_url": "/list",
    "portal__record_url": "/records/{ref}",
    "portal__capture": "click",
    "portal__document_selector": "#pdf",
    "portal__no_document_text": "",
    "portal__step_timeout_s": 5,
    "retry__max_retries": 0,
    "retry__max_worker_deaths": 1,
    "run__workers": 2,
    "run__trace": "failed",
    "logging__level": "DEBUG",
}


def crew(folder: Path, url: str, password: str, *references: str) -> TabcrewProcess:
    records = folder / "records.csv"
    records.write_text("Reference\n" + "\n".join(references) + "\n")
    account = {"TABCREW_USERNAME": "me", "TABCREW_PASSWORD": password, "TABCREW_TOTP_SECRET": TOTP_SECRET}
    settings: dict[str, object] = {**FORM, "portal__inventory_file": records}
    return TabcrewProcess(folder, url, environ=account, **settings)


def holds_secret(text: bytes, codes: Sequence[str]) -> bool:
    # A code counts as a number of its own only: longer ones hold any eight digits now and then.
    numbers = "|".join(codes)
    return re.search(rf"{MARK}|{TOTP_KEY}|(?<!\d)({numbers})(?!\d)".encode(), text) is not None


def places_with_secrets(run: TabcrewProcess, codes: Sequence[str]) -> list[str]:
    """Files of the work directory and what was printed; Chrome's own profile is where the session lives.

    ``codes``: the one-time codes that the portal was given.
    """
    assert codes
    profile = run.work_dir / "profile"
    files = [path for path in run.work_dir.rglob("*") if path.is_file() and profile not in path.parents]
    assert len(files) > 5
    return [str(path) for path in (*files, run.output) if holds_secret(content_of(path), codes)]


def content_of(path: Path) -> bytes:
    """Of a trace, which is a packed folder, what is packed in it."""
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as trace:
        return b"\n".join(trace.read(name) for name in trace.namelist())


def processes_with_secrets(run: TabcrewProcess, codes: Sequence[str]) -> list[str]:
    """By their arguments and environments; the supervisor's own environment is where it was given them."""
    told = ["\n".join(psutil.Process(run.pid).cmdline()), *_told_to_children(run)]
    assert len(told) > 5
    return [text for text in told if holds_secret(text.encode(), codes)]


def _told_to_children(run: TabcrewProcess) -> Iterator[str]:
    for process in run.processes():
        try:
            yield "\n".join([*process.cmdline(), *process.environ().values()])
        except psutil.NoSuchProcess:
            pass


def test_secrets_are_nowhere_when_records_fail_and_a_worker_is_killed(tmp_path: Path) -> None:
    with (
        leaky_portal() as (url, saw),
        crew(tmp_path, url, PASSWORD, "echo", "missing", "hang") as run,
    ):
        assert saw.hung.wait(30), run.said()
        assert processes_with_secrets(run, saw.codes) == []
        workers = eventually(lambda: [row for row in run.status()["workers"] if row["task"] == "hang"], 5.0)
        victim = workers[0]
        os.kill(victim["pid"], signal.SIGUSR1)
        stacks = run.work_dir / "logs" / f"worker-{victim['slot']}.out"
        eventually(lambda: "Current thread" in stacks.read_text(), within_s=5, what="a stack dump")
        os.kill(victim["pid"], signal.SIGKILL)
        assert run.wait(within_s=60) == 3, run.said()
        reasons = dict(run.query("SELECT id, reason FROM tasks"))
        assert "***" in reasons["echo"], reasons
        assert "500" in reasons["missing"]
        failures = {path.suffix for path in (run.work_dir / "failures").glob("echo*")}
        assert failures >= {".txt", ".html", ".png", ".zip"}
        assert places_with_secrets(run, saw.codes) == []


def test_secrets_are_nowhere_when_the_portal_refuses_and_repeats_the_password(tmp_path: Path) -> None:
    with leaky_portal() as (url, saw), crew(tmp_path, url, WRONG_PASSWORD, "echo") as run:
        assert run.wait(within_s=60) == 4, run.said()
        assert "is not your password" in run.said()
        assert len(set(saw.codes)) == 2
        assert places_with_secrets(run, saw.codes) == []
