"""What a worker works on, as dispatcher, crew and watchdog all need to see it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Assignment:
    """``subject``: for people ("V-0042", "sign-in"). Instants are on the awake clock. ``attempt``: 0 for
    what is no task.
    """

    epoch: int
    subject: str
    given_at: float
    deadline_at: float
    attempt: int = 0

    def __str__(self) -> str:
        return f"{self.subject}, attempt {self.attempt}" if self.attempt else self.subject
