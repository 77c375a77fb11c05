"""The handle of the one running Chrome: what it is, whether it lives, how it ends."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from loguru import logger

from chrome_launcher.errors import ChromeError
from chrome_launcher.process_tree import ProcessIdentity, kill_session, kill_tree, sweep_profile
from chrome_launcher.profile import remove_leftovers
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.stderr_file import stderr_tail

_CONNECT_TIMEOUT_S = 2.0
_NETWORK_SERVICE = "--utility-sub-type=network.mojom.NetworkService"


@dataclass(frozen=True)
class Chrome:
    """A Chrome that has answered.

    ``identity`` is its browser process, ``process`` what we started and must reap. The two differ only when
    the program is a wrapper script that does not ``exec``.
    """

    identity: ProcessIdentity
    process: "subprocess.Popen[bytes]"
    ws_url: str
    http_url: str
    product: str
    headless: bool
    profile_dir: Path
    stderr_path: Path

    @property
    def pid(self) -> int:
        return self.identity.pid

    def exit_code(self, within_s: float = 0.0) -> int | None:
        """None while it runs; negative is the signal that ended it. Waits ``within_s`` for it."""
        try:
            return self.process.wait(within_s) if within_s else self.process.poll()
        except subprocess.TimeoutExpired:
            return None

    def is_running(self) -> bool:
        return self.exit_code() is None

    def network_service(self) -> ProcessIdentity | None:
        """The child that holds the cookies in memory: when it dies, Chrome starts another, which has none."""
        try:
            for child in psutil.Process(self.pid).children(recursive=True):
                if _NETWORK_SERVICE in child.cmdline():
                    return ProcessIdentity.of(child.pid)
        except psutil.Error:
            pass  # Chrome is going: whoever asks learns that in another way
        return None

    def stderr_tail(self) -> str:
        """The last lines that Chrome wrote to its stderr, safe to print."""
        return stderr_tail(self.stderr_path)

    def stop(self, within_s: float = 5.0, root: RootConnection | None = None) -> None:
        """Let Chrome write its profile and end; kill it when it has not after ``within_s``. Idempotent.

        When this returns, no process of this Chrome lives. ``root``: an open connection to ask over.
        """
        give_up_at = time.monotonic() + within_s
        if self.is_running():
            self._ask_to_close(root, within_s)
            try:
                self.process.wait(max(0.0, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.bind(event="chrome_killed", pid=self.pid).warning(
                    f"Chrome (pid {self.pid}) did not close within {within_s:g} s: killed"
                )
        self.kill()

    def kill(self) -> None:
        """SIGKILL every process of this Chrome and wait for their end. Idempotent."""
        kill_tree(self.identity)
        end_process(self.process, self.profile_dir)

    def _ask_to_close(self, root: RootConnection | None, within_s: float) -> None:
        own = None
        try:
            if root is None or root.lost:
                root = own = RootConnection.connect(self.ws_url, min(_CONNECT_TIMEOUT_S, within_s))
            root.submit("Browser.close")  # its answer races with the end of the socket: nothing to wait for
        except ChromeError as error:
            logger.bind(event="chrome_close", pid=self.pid).info(
                f"Chrome (pid {self.pid}) was not asked: {error}"
            )
        finally:
            if own is not None:
                self._wait_for_hangup(own, within_s)

    def _wait_for_hangup(self, own: RootConnection, within_s: float) -> None:
        """Closing our end at once could overtake the command: Chrome hangs up when it has obeyed."""
        give_up_at = time.monotonic() + within_s
        while not own.lost and self.is_running() and time.monotonic() < give_up_at:
            time.sleep(0.01)
        own.close()


def end_process(process: "subprocess.Popen[bytes]", profile_dir: Path) -> None:
    """Kill what was started for this profile, all of it, reap it, and remove what it leaves."""
    if process.poll() is None:  # not reaped, so the pid is still its own
        kill_tree(process.pid)
    kill_session(process.pid)
    sweep_profile(profile_dir)
    process.wait(5.0)
    if process.stdin is not None:
        process.stdin.close()
    remove_leftovers(profile_dir)
