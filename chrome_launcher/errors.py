"""The errors of this room, and nothing else: every one is a ChromeError whose text a person can act on.

ChromeError
├── ChromeNotFound      no Chrome on this machine, or not where the setting says
│   └── InstallFailed   and it could not be installed
├── ChromeCannotStart   it was started, or could not be, and does not answer
│   ├── ChromeDied      it was killed or crashed before it answered
│   └── ProfileInUse    another Chrome runs on this profile
├── ChromeNotAttached   no Chrome answers where one should run already
├── CdpError            Chrome answered a command with an error
├── CdpTimeout          Chrome did not answer a command in time
└── ConnectionLost      the connection to Chrome is gone
"""

from pathlib import Path


class ChromeError(Exception):
    """Base of all that Chrome and its keeper can do wrong."""


class ChromeNotFound(ChromeError):
    """The text lists where it was looked for, or names the setting that points to nothing."""


class InstallFailed(ChromeNotFound):
    """The text says what was tried, how each try ended, and what to do by hand."""


class ChromeCannotStart(ChromeError):
    """The text holds how long was waited, Chrome's own last words, and what to do."""


class ChromeDied(ChromeCannotStart):
    """Something ended it, such as the kernel for want of memory: the next try may well succeed."""


class ChromeNotAttached(ChromeError):
    """The text says where one was looked for, and how to start one that can be attached to."""


class ProfileInUse(ChromeCannotStart):
    """``pid`` is the Chrome that holds the profile; None when it does not say."""

    def __init__(self, profile_dir: Path, pid: int | None, detail: str) -> None:
        who = f"Chrome (pid {pid})" if pid else "another Chrome"
        super().__init__(
            f"{who} already uses the profile {profile_dir} ({detail}): nothing was started. "
            "Close that Chrome, or choose another work directory."
        )
        self.profile_dir = profile_dir
        self.pid = pid


class CdpError(ChromeError):
    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"Chrome refused {method}: {message} (CDP error {code})")
        self.method = method
        self.code = code
        self.message = message


class CdpTimeout(ChromeError):
    def __init__(self, method: str, after_s: float) -> None:
        super().__init__(f"Chrome did not answer {method} within {after_s:g} s")
        self.method = method
        self.after_s = after_s


class ConnectionLost(ChromeError):
    """Chrome died or closed the socket. What was under way may or may not have happened."""
