"""Judges demo_faults at the start of a run, where the demo portal itself would only refuse it later.

The demo portal's own parser decides; nothing but the command line may import that, so this one follows it,
and a test holds the two together.
"""

import re
from typing import Annotated

from pydantic import AfterValidator

FAULT_KINDS = (
    "slow", "hang", "error", "throttle", "logout", "licence", "truncated", "html", "wrong", "alert", "spin",
    "crash",
)  # fmt: skip
_NUMBERS = ("slow_s", "retry_after_s", "times")
_NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)


def _demo_faults(text: str) -> str:
    for part in filter(None, (part.strip() for part in text.split(","))):
        if not _is_good(part):
            raise ValueError(
                "expected kind=share from 0 to 1 (hang=0.02), kind!=reference (hang!=V-0007) or a number for "
                f"{', '.join(_NUMBERS)}, but {part!r} is none of these; kinds are {', '.join(FAULT_KINDS)}"
            )
    return text


def _is_good(part: str) -> bool:
    name, _, value = (piece.strip() for piece in part.partition("="))
    if name.endswith("!") and value:
        return name[:-1].strip() in FAULT_KINDS
    if not _NUMBER.fullmatch(value):
        return False
    return name in _NUMBERS or (name in FAULT_KINDS and float(value) <= 1)


DemoFaults = Annotated[str, AfterValidator(_demo_faults)]
