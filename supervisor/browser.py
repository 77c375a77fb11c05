"""What the supervisor needs of a Chrome that is up, whether it started that Chrome or found it running."""

from concurrent.futures import Future
from typing import Protocol

from chrome_launcher.process_tree import ProcessIdentity
from chrome_launcher.root_connection import RootConnection


class Browser(Protocol):
    """``name``: for sentences. ``pid``: None when it is not ours to know."""

    @property
    def root(self) -> RootConnection: ...

    @property
    def ws_url(self) -> str: ...

    @property
    def product(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def pid(self) -> int | None: ...

    def death(self) -> str:
        """How it ended; empty while it runs."""

    def network_service(self) -> ProcessIdentity | None:
        """The process that holds the cookies; None when it is not ours to know."""

    def open_tab(self) -> "Future[str]":
        """Ask for a tab, without waiting; the future ends in its target id."""

    def close_tab(self, target_id: str, *, within_s: float) -> bool:
        """Close a tab and its pop-ups, whatever their pages do; True when gone. Raises ChromeError."""

    def kill(self) -> None:
        """End our part of it now; it does not answer, or is dead already."""

    def stop(self) -> None:
        """End our part of it in good order."""
