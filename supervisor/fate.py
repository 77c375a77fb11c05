"""Why a worker has to go, and who is to blame for what it reports on its way out. Pure."""

from dataclasses import dataclass

from msgspec.structs import replace

from tabworker.failures import FailureClass
from tabworker.messages import DutyFailed, Report


@dataclass(frozen=True)
class Fate:
    """Why a worker had to go, and whose fault that is for the task it held."""

    failure: FailureClass
    reason: str
    counts_as_restart: bool = True


def in_hindsight(report: Report, fate: Fate | None) -> Report:
    """The report as it must be judged when its worker was already being ended for ``fate``.

    Chrome that dies takes every page with it, and a worker reports the page's failure before it is gone
    itself: without this its record would pay an attempt for our Chrome.
    """
    if fate is None or fate.failure is not FailureClass.OURS or not isinstance(report, DutyFailed):
        return report
    if report.failure_class is not FailureClass.TRANSIENT:
        return report
    return replace(report, failure_class=fate.failure, reason=f"{fate.reason} ({report.reason})")
