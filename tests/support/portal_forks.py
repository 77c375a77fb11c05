"""Demo portals forked from a process that has imported them already: what takes a test is the fork alone."""

import os
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

_NURSERY = get_context("forkserver")
_NURSERY.set_forkserver_preload(["demo_portal.__main__", __name__])


class PortalFork:
    """A running ``python -m demo_portal <options>``.

    ``stdout`` is the reading end of its output; stderr is the caller's; its stdin closes when the caller ends
    this, or dies.
    """

    def __init__(self, options: list[str], environ: dict[str, str]) -> None:
        child_stdin, stdin = _pipe()
        stdout, child_stdout = _pipe()
        child_stderr = Connection(os.dup(2), readable=False)
        self.stdout = stdout
        self._stdin = stdin
        streams = (child_stdin, child_stdout, child_stderr)
        self._process: ForkServerProcess = _NURSERY.Process(
            target=_run, args=(options, environ, streams), daemon=True
        )
        self._process.start()
        for stream in streams:
            stream.close()

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    def end(self, within_s: float) -> int:
        """SIGTERM; the exit code, negative for a signal. Raises TimeoutError when it had to be killed after
        that time.
        """
        self._process.terminate()
        self._process.join(within_s)
        late = self._process.is_alive()
        if late:
            self._process.kill()
            self._process.join()
        code = self._process.exitcode
        self._process.close()
        self.stdout.close()
        self._stdin.close()
        if late or code is None:
            raise TimeoutError(f"the demo portal did not end within {within_s} s")
        return code


def _pipe() -> tuple[Connection, Connection]:
    """The reading and the writing end, so wrapped that they may cross to a forked process."""
    reader, writer = os.pipe()
    return Connection(reader, writable=False), Connection(writer, readable=False)


def _run(options: list[str], environ: dict[str, str], streams: tuple[Connection, ...]) -> None:
    from demo_portal.__main__ import main  # whoever only starts portals need not import one

    for standard, stream in enumerate(streams):
        os.dup2(stream.fileno(), standard)
        stream.close()
    os.environ.update(environ)
    sys.exit(main(options))
