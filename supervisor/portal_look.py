"""When the portal may be down, asks it for a page. No record pays for that, however long it lasts: only when
the portal answers is a record tried again.
"""

from supervisor.assignment import Assignment
from supervisor.portal_gate import PortalGate
from tabworker.failures import FailureClass
from tabworker.messages import DutyFailed, OpenPortal, PortalOpened

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class PortalLook:
    """``address``: a page of the portal that shows whether it works, which may take ``step_s`` as any page of
    a record may. One look at a time; whoever looks has ``timeout_s``, as for a task.
    """

    def __init__(self, address: str, gate: PortalGate, step_s: float, timeout_s: float) -> None:
        self._address = address
        self._gate = gate
        self._step_s = step_s
        self._timeout_s = timeout_s
        self._epoch: int | None = None

    def give(self, epoch: int, now: float) -> tuple[OpenPortal, Assignment]:
        self._epoch = epoch
        self._gate.looking(now)
        duty = OpenPortal(epoch, self._address, self._step_s)
        return duty, Assignment(epoch, "portal", now, now + self._timeout_s)

    @property
    def under_way(self) -> bool:
        return self._epoch is not None

    def awaits(self, epoch: int) -> bool:
        return epoch == self._epoch

    def heard(self, report: PortalOpened | DutyFailed, now: float) -> bool:
        """A page is an answer, the sign-in page as well as any other; an error of the server is none. True
        when the portal counts as down from now on.
        """
        self._epoch = None
        return self._gate.looked(_answers(report), now)


def _answers(report: PortalOpened | DutyFailed) -> bool | None:
    if isinstance(report, DutyFailed):
        return False if report.failure_class is FailureClass.TRANSIENT else None
    return report.status < _SERVER_ERROR and report.status != _TOO_MANY_REQUESTS
