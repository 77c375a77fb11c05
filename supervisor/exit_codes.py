"""The exit codes: a public contract, one number a reason."""

from enum import IntEnum


class ExitCode(IntEnum):
    ALL_DONE = 0
    BUG = 1
    USAGE = 2
    SOME_FAILED = 3
    SIGN_IN_REFUSED = 4
    CHROME_CANNOT_START = 5
    PORTAL_DOWN = 6
    RESTART_LIMIT = 7
    DISK = 8
    ANOTHER_SUPERVISOR = 9
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """The sentence that the documentation and ``--help`` show for this code."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.ALL_DONE: "every record that was asked for has its verified document",
    ExitCode.BUG: "a bug of Tabcrew: the log holds the traceback",
    ExitCode.USAGE: "usage, settings or credentials are wrong: put them right, then run again",
    ExitCode.SOME_FAILED: (
        "finished, but some records failed: failures/ says why; `python run.py retry` tries again"
    ),
    ExitCode.SIGN_IN_REFUSED: "the portal refused the sign-in, or another session is active",
    ExitCode.CHROME_CANNOT_START: "Chrome was not found or cannot start, or the one attached to is gone",
    ExitCode.PORTAL_DOWN: "the portal cannot be reached or keeps failing",
    ExitCode.RESTART_LIMIT: "Chrome or the workers died too often in a short time",
    ExitCode.DISK: "the work directory cannot be read or written (full, read-only, damaged)",
    ExitCode.ANOTHER_SUPERVISOR: "another supervisor runs in this work directory",
    ExitCode.INTERRUPTED: "interrupted; the same command goes on where it stopped",
}
