"""A large document is no stall: while its bytes flow, the step that waits for them begins anew."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tabworker.tab import Tab

FLOWS_BYTES = 256 * 1024
"""A body that brings this much within the step's time goes on, however long it is: 9 KB/s at 30 s.

The task's own deadline ([watchdog] task_timeout_s) still bounds the whole.
"""


class BodyFlow:
    """Watches one body grow."""

    def __init__(self, tab: "Tab") -> None:
        self._tab = tab
        self._stamped_at_bytes = 0

    def goes_on(self, bytes_so_far: int) -> bool:
        """Stamp the step when enough came since it was stamped; whether it was."""
        if bytes_so_far - self._stamped_at_bytes < FLOWS_BYTES:
            return False
        self._stamped_at_bytes = bytes_so_far
        self._tab.go_on()
        return True
