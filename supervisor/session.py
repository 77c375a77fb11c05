"""The one login: who signs in and when, and when to stop trying. Pure: it touches no tab and no socket.

    NEEDED ──begin──► PROVING ──proven──► GOOD ──lost──► NEEDED
                         └─────refused (2nd)───► REFUSED

While the session is not GOOD no task is given out, so a burst of workers that notice the loss at once makes
one sign-in: the first report moves GOOD to NEEDED, the others name a session number that is already history
and are only requeued.
"""

from dataclasses import dataclass
from enum import StrEnum

MAX_REFUSALS = 2
"""Portals lock accounts after a few wrong passwords, so a third try may cost the user the account."""

MAX_FRUITLESS_SIGN_INS = 3
"""Sessions in a row that ended without a single document: somebody else uses the account; do not fight over
it.
"""


class SessionState(StrEnum):
    NEEDED = "needed"
    PROVING = "proving"
    GOOD = "good"
    REFUSED = "refused"


@dataclass
class Session:
    """``number`` grows with each new proof; leases bear the number they were given under."""

    state: SessionState = SessionState.NEEDED
    number: int = 0
    sign_ins: int = 0
    refusals: int = 0
    fruitless: int = 0
    fruitful_no: int = 0
    why_stopped: str = ""

    def begin(self) -> None:
        """A worker is about to prove the session, and to sign in if the proof fails."""
        self.state = SessionState.PROVING

    def proven(self, signed_in_now: bool) -> None:
        self.state = SessionState.GOOD
        self.number += 1
        self.refusals = 0
        self.sign_ins += signed_in_now
        if not signed_in_now:
            self.fruitless = 0  # a false alarm, or a consent forgotten: nobody threw us out

    def fruitful(self) -> None:
        """A document was delivered under this session."""
        self.fruitless = 0
        self.fruitful_no = self.number

    def holds(self, session_no: int) -> bool:
        """Whether that session is the present one, and nobody doubts it just now."""
        return self.state is SessionState.GOOD and session_no == self.number

    def lost(self, session_no: int) -> bool:
        """A worker found itself signed out under session ``session_no``; True when that is news."""
        if not self.holds(session_no):
            return False
        self.fruitless += session_no != self.fruitful_no
        if self.fruitless >= MAX_FRUITLESS_SIGN_INS:
            self.state = SessionState.REFUSED
            self.why_stopped = (
                f"the session ended {self.fruitless} times in a row before a single document came: somebody "
                "else seems to use this account. Stopped, so as not to throw them out again and again."
            )
        else:
            self.state = SessionState.NEEDED
        return True

    def suspect(self) -> None:
        """Chrome was restarted: the cookies are back, but the session must be proven before anything is
        given out.
        """
        if self.state in (SessionState.GOOD, SessionState.PROVING):
            self.state = SessionState.NEEDED

    def refused(self, reason: str) -> None:
        """The portal did not accept the credentials."""
        self.refusals += 1
        if self.refusals >= MAX_REFUSALS:
            self.stop(f"the portal refused the sign-in {self.refusals} times: {reason}")
        else:
            self.state = SessionState.NEEDED

    def failed(self) -> None:
        """The sign-in ended without an answer (time-out, dead worker): it may be tried again."""
        if self.state is SessionState.PROVING:
            self.state = SessionState.NEEDED

    def stop(self, why: str) -> None:
        self.state = SessionState.REFUSED
        self.why_stopped = why
