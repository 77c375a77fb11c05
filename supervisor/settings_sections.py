"""The keys of settings.ini with their types, limits, defaults and reasons; [portal] has its own file.

A key's description is its only documentation: the comment in settings.ini and the line in
docs/reference/settings.md are both made from it (see settings_reference).
"""

import ipaddress
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)


class Contradiction(NamedTuple):
    """Values that are fine alone and not together. ``key``: the one to look at first."""

    key: str
    expected: str


MOST_SECONDS = 1_000_000
"""About eleven days. poll() and JavaScript's timers take no wait of more than 2^31 ms: the one raises, the
other fires at once.
"""

MOST = 999_999_999
"""Of whatever is counted. SQLite and deques take no number of more than 64 bits."""


class Section(BaseModel):
    """A section of settings.ini. Frozen: settings do not change while a run lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _within_reach(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, int | float):
            if str(info.field_name).endswith("_s") and value > MOST_SECONDS:
                raise ValueError(f"expected at most {MOST_SECONDS} seconds")
            if abs(value) > MOST:
                raise ValueError("expected a number of at most 9 digits")
        return value

    def contradictions(self) -> Iterator[Contradiction]:
        """What a section's values have against each other."""
        yield from ()


BlockType = Literal["image", "font", "media", "stylesheet"]


def entries(value: object) -> object:
    """One entry a line when there are several lines (selectors may hold commas), else split at commas."""
    if not isinstance(value, str):
        return value
    parts = value.split("\n") if "\n" in value else value.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    """In lower case, without the ``*.`` that may stand before them."""
    hosts = tuple(name.lower().removeprefix("*.") for name in names)
    for host in hosts:
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", host):
            raise ValueError("expected names of hosts, without http:// and without a port")
    return hosts


def _not_empty(value: object) -> object:
    """An empty path is the current folder to pathlib, and a run would spread itself there."""
    if value == "":
        raise ValueError("expected a path: what a run makes is kept there")
    return value


class RunSettings(Section):
    """What to do and how much of it."""

    work_dir: Annotated[Path, BeforeValidator(_not_empty)] = Field(
        Path("work"),
        description="Folder for documents, failures, logs, ledger and profile; relative to this file.",
    )
    workers: int = Field(
        5, ge=1, le=64, description="Tabs that work at the same time, each driven by a process of its own."
    )
    limit: int = Field(
        0, ge=0, description="Only the first so many records of the inventory; 0 = all of them."
    )
    recycle_after_documents: int = Field(
        500,
        ge=0,
        description="A worker is replaced after this many documents: its memory only grows; 0 = never.",
    )
    recycle_above_mb: int = Field(
        1500, ge=0, description="A worker is replaced when it holds more memory than this, in MB; 0 = never."
    )
    min_free_disk_mb: int = Field(
        200,
        ge=0,
        description="With less free disk than this, in MB, the run stops before a document is cut short.",
    )
    trace: Literal["off", "failed"] = Field(
        "off", description="Keep a recording of each failed attempt in failures/; costs CPU on all of them."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        # Path.exists raises for a name that is too long; whether it can be made shows when it is.
        if os.path.exists(self.work_dir) and not self.work_dir.is_dir():  # noqa: PTH110
            yield Contradiction("work_dir", "must be a folder, and this is a file: name another")


def _debugging_port(text: str) -> str:
    """On this machine only: the port has no password, and what goes over it is the session (HAZARDS C20)."""
    if not text:
        return text
    expected = "expected http://127.0.0.1:PORT, the debugging port of a Chrome on this machine, or nothing"
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ValueError(expected) from None
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme != "http" or not port or not is_here or more:
        raise ValueError(expected)
    return text.rstrip("/")


class ChromeSettings(Section):
    """The one browser."""

    path: str = Field(
        "", description="Program of Chrome, Chromium or Edge; empty = look in the usual places."
    )
    attach: Annotated[str, AfterValidator(_debugging_port)] = Field(
        "",
        description="Use the Chrome at this debugging port, http://127.0.0.1:9222; empty = start one.",
    )
    install: bool = Field(True, description="Install Chromium when no browser is found.")
    headless: bool = Field(True, description="Run without a window; false shows every tab at work.")
    block_resources: bool = Field(
        True, description="Do not load what block_types and block_hosts name: less CPU and network per page."
    )
    block_types: Annotated[tuple[BlockType, ...], BeforeValidator(entries)] = Field(
        ("image", "font", "media"),
        description="Types that pages do not load; capture = print loads all but media.",
    )
    block_hosts: Annotated[tuple[str, ...], AfterValidator(_hosts), BeforeValidator(entries)] = Field(
        (), description="Hosts that are never asked, each with all below it: doubleclick.net, hotjar.com."
    )
    start_timeout_s: float = Field(30, gt=0, description="Seconds that Chrome may take until it answers.")
    probe_timeout_s: float = Field(
        10, gt=0, description="Seconds without an answer after which Chrome counts as hung."
    )
    max_restarts: int = Field(
        3, ge=0, description="Restarts of Chrome within restart_window_s; one more and the run stops."
    )
    restart_window_s: float = Field(
        600, gt=0, description="Seconds over which restarts of Chrome are counted."
    )


class WatchdogSettings(Section):
    """When a worker counts as dead, frozen or stalled."""

    heartbeat_s: float = Field(1, ge=0.05, description="Seconds between two signs of life of a worker.")
    heartbeat_timeout_s: float = Field(
        10,
        gt=0,
        description="Seconds without a sign of life after which a worker is killed, its task requeued.",
    )
    task_timeout_s: float = Field(
        180, gt=0, description="Seconds that one attempt at one document may take, whatever it does."
    )
    inventory_timeout_s: float = Field(
        3600, gt=0, description="Seconds that listing the inventory may take, all its pages together."
    )
    boot_timeout_s: float = Field(
        60, gt=0, description="Seconds that a new worker may take to attach to its tab."
    )
    max_restarts: int = Field(
        5, ge=0, description="Restarts of one worker within restart_window_s; one more and it pauses."
    )
    restart_window_s: float = Field(
        60, gt=0, description="Seconds over which restarts of a worker are counted."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        if self.heartbeat_timeout_s <= 2 * self.heartbeat_s:
            yield Contradiction(
                "heartbeat_timeout_s",
                f"must be more than twice heartbeat_s ({self.heartbeat_s:g}), or one late beat kills it",
            )


class RetrySettings(Section):
    """What a failed attempt leads to."""

    max_retries: int = Field(
        2, ge=0, description="Further attempts after a first one that the portal let fail."
    )
    backoff_s: float = Field(
        2, ge=0, description="Seconds of the longest wait before the first retry; doubles each time."
    )
    backoff_max_s: float = Field(120, ge=0, description="Seconds beyond which that wait does not grow.")
    max_worker_deaths: int = Field(
        3, ge=1, description="Workers that a task may take down with it before it is put in quarantine."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        if self.backoff_max_s < self.backoff_s:
            yield Contradiction("backoff_max_s", f"must not be less than backoff_s ({self.backoff_s:g})")


LEAST_PER_MINUTE = 0.01


class PacingSettings(Section):
    """How hard the portal is pressed, and what to do while it is down."""

    tasks_per_minute: float = Field(
        0,
        ge=0,
        description="Documents started per minute by all tabs together; 0 = as fast as the portal delivers.",
    )
    portal_down_after: int = Field(
        5, ge=1, description="Different records in a row that fail alike until the portal counts as down."
    )
    portal_probe_every_s: float = Field(
        30, gt=0, description="Seconds between two tries while the portal is down; one record at a time."
    )
    portal_down_give_up_s: float = Field(
        1800, gt=0, description="Seconds of a portal being down after which the run stops; resumable."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        if 0 < self.tasks_per_minute < LEAST_PER_MINUTE:
            yield Contradiction(
                "tasks_per_minute",
                f"must be 0, or at least {LEAST_PER_MINUTE:g}: one document in 100 minutes",
            )
        if self.portal_down_give_up_s < self.portal_probe_every_s:
            yield Contradiction(
                "portal_down_give_up_s",
                f"must not be less than portal_probe_every_s ({self.portal_probe_every_s:g})",
            )


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class LoggingSettings(Section):
    """The log file, JSON lines below logs/ in the work directory."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="Least level that is written to the log file."
    )
    keep_files: int = Field(5, ge=1, description="Log files that are kept; the oldest goes first.")
    rotate_mb: int = Field(20, ge=1, description="Size in MB at which a new log file is begun.")
