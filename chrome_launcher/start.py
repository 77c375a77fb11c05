"""Only this file starts the process: spawn, wait until it really answers, or say why it does not."""

import os
import re
import subprocess
import time
from pathlib import Path

from chrome_launcher.chrome import Chrome, end_process
from chrome_launcher.errors import ChromeCannotStart, ChromeDied, ChromeError, ConnectionLost
from chrome_launcher.find import ChromeBinary
from chrome_launcher.process_tree import ProcessIdentity
from chrome_launcher.profile import PORT_FILE
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.stderr_file import open_stderr, stderr_tail
from chrome_launcher.switches import crash_folder

_POLL_S = 0.02
_ASK_S = 1.0
"""The least that one question is given: the last one, cut off, would hide what the others have learned."""

_PORT_FILE_TEXT = re.compile(r"(\d+)\n(/devtools/browser/\S+)")

_LAST_OF_ITS_OWN = 128
"""Exit codes above it mean a signal, told by a shell in between, or on Windows an exception."""

_WITH_LIFE_LINE = ["/bin/sh", "-c", 'exec "$@" 3<&0 4>/dev/null </dev/null', "sh"]
"""Moves our pipe from fd 0 to fd 3, where --remote-debugging-pipe reads its commands. None is ever sent:
Chrome closes when the pipe ends, that is when we die, however we die. (PR_SET_PDEATHSIG would follow the
thread that started Chrome, needs code between fork and exec, and exists on Linux alone.)"""

_HINTS = (
    (
        "path too long",
        "Its socket lies in the temporary folder, whose path is too long: set TMPDIR to a short one.",
    ),
    ("DISPLAY", "The display cannot be used: run headless, or start an X server (xvfb-run)."),
    ("shared libraries", "Libraries are missing: install the system's chromium package."),
    ("No space left", "The disk is full: make room."),
    ("Permission denied", "A folder cannot be written: check who owns the work directory."),
    ("profile", "The profile may be unusable: move the work directory's profile folder away."),
)
"""What Chrome says when it cannot start → what to do about it."""


def start(
    binary: ChromeBinary,
    switches: list[str],
    profile_dir: Path,
    headless: bool,
    timeout_s: float,
    stderr_path: Path,
) -> Chrome:
    """One try. Raises ChromeCannotStart; then nothing of it is left running."""
    process = _spawn(binary, switches, profile_dir, stderr_path)
    try:
        return _wait_until_it_answers(process, profile_dir, headless, timeout_s, stderr_path)
    except BaseException:
        end_process(process, profile_dir)
        raise


def _spawn(
    binary: ChromeBinary, switches: list[str], profile_dir: Path, stderr_path: Path
) -> "subprocess.Popen[bytes]":
    """Start the process in a session of its own: Ctrl-C is for us, and its orphans are found by it."""
    posix = os.name == "posix"
    # Crash reports would else go to the user's own Chrome folder, and their keepers would be anybody's.
    environment = {**os.environ, "BREAKPAD_DUMP_LOCATION": str(crash_folder(profile_dir))}
    with open_stderr(stderr_path) as stderr:
        try:
            return subprocess.Popen(
                [*(_WITH_LIFE_LINE if posix else []), str(binary.path), *switches],
                stdin=subprocess.PIPE if posix else subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                env=environment,
                start_new_session=posix,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # no such name off Windows
            )
        except OSError as error:
            raise ChromeCannotStart(
                f"{binary.path} cannot be executed: {error}. Check [chrome] path."
            ) from error


def _wait_until_it_answers(
    process: "subprocess.Popen[bytes]", profile_dir: Path, headless: bool, timeout_s: float, stderr_path: Path
) -> Chrome:
    """Raises ChromeCannotStart when Chrome dies, at once, or does not answer in time."""
    began = time.monotonic()
    last = f"it wrote no {PORT_FILE}"
    while (left_s := began + timeout_s - time.monotonic()) > 0:
        code = process.poll()
        if code is not None:
            raise _ended(code, began, process.pid, stderr_path)
        address = _read_port_file(profile_dir)
        if address is not None:
            ws_url = f"ws://{address}"
            try:
                identity, product = _ask_who_answers(ws_url, process, max(left_s, _ASK_S))
            except ChromeError as error:
                last = str(error)
            else:
                http_url = f"http://{address.partition('/')[0]}"
                return Chrome(
                    identity, process, ws_url, http_url, product, headless, profile_dir, stderr_path
                )
        time.sleep(_POLL_S)
    raise _cannot_start(f"does not answer (limit {timeout_s:g} s): {last}", began, process.pid, stderr_path)


def _read_port_file(profile_dir: Path) -> str | None:
    """``127.0.0.1:port/path``; None until Chrome has written both lines."""
    try:
        match = _PORT_FILE_TEXT.match((profile_dir / PORT_FILE).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return None if match is None else f"127.0.0.1:{match.group(1)}{match.group(2)}"


def _ask_who_answers(
    ws_url: str, process: "subprocess.Popen[bytes]", timeout_s: float
) -> tuple[ProcessIdentity, str]:
    """The browser process behind the socket and its product. Raises ConnectionLost when it is not ours.

    An open port proves nothing: it may be a stale file's, and another program's by now (C16).
    """
    root = RootConnection.connect(ws_url, timeout_s)
    try:
        product = root.call("Browser.getVersion", timeout_s=timeout_s)["product"]
        processes = root.call("SystemInfo.getProcessInfo", timeout_s=timeout_s)["processInfo"]
    finally:
        root.close()
    browser_pid = next((info["id"] for info in processes if info["type"] == "browser"), None)
    identity = None if browser_pid is None else ProcessIdentity.of(browser_pid)
    living = None if identity is None else identity.process()
    if (
        identity is None
        or living is None
        or process.pid not in {living.pid, *(p.pid for p in living.parents())}
    ):
        raise ConnectionLost(
            f"pid {browser_pid} answers at {ws_url}, which is not the Chrome that was started"
        )
    return identity, str(product)


def _ended(code: int, began: float, pid: int, stderr_path: Path) -> ChromeCannotStart:
    what = f"ended with code {code}"
    if 0 <= code <= _LAST_OF_ITS_OWN:
        return _cannot_start(what, began, pid, stderr_path, otherwise="Start it by hand to see more.")
    hint = "It was killed or crashed. With too little memory, lower [run] workers."
    return _cannot_start(what, began, pid, stderr_path, otherwise=hint, kind=ChromeDied)


def _cannot_start(
    what: str,
    began: float,
    pid: int,
    stderr_path: Path,
    otherwise: str = "Raise [chrome] start_timeout_s if it is only slow.",
    kind: type[ChromeCannotStart] = ChromeCannotStart,
) -> ChromeCannotStart:
    """``otherwise``: the hint when nothing that it said gives one."""
    said = stderr_tail(stderr_path)
    hint = next((hint for word, hint in _HINTS if word in said), otherwise)
    return kind(
        f"Chrome (pid {pid}) {what}, {time.monotonic() - began:.1f} s after its start. "
        + (f"Its last words:\n{said}\n" if said else "It said nothing. ")
        + hint
    )
