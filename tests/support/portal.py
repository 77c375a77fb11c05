"""A demo portal as a child process, and the form settings that drive it."""

import os
import select
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from demo_portal.audit import read_audit
from tabworker.adapters.form_settings import FormSettings
from tests.support.portal_forks import PortalFork

REPOSITORY = Path(__file__).parents[2]
USERNAME = "demo"
PASSWORD = "tabcrew"


class PortalProcess:
    """``with PortalProcess(tmp_path, records=5, faults="hang!=V-0003") as portal: … portal.url``.

    ``options`` are those of ``python -m demo_portal`` with underscores: latency=1, delivery="blob",
    hostile=True. Documents take no time unless ``latency`` is given.
    The portal also ends when the test process dies: it watches its stdin.
    """

    def __init__(self, folder: Path, **options: object) -> None:
        self.audit_path = folder / "portal-audit.jsonl"
        self.url = ""
        self._options = {"latency": 0, **options}
        self._child: PortalFork | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        if self._child is None:
            raise RuntimeError("the demo portal is not running")
        return self._child.pid

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def start(self) -> None:
        """Return when it listens. Started again after ``stop`` it has the same address and audit log, and has
        forgotten every session.
        """
        options = ["--until-stdin-closes", "--audit", str(self.audit_path)]
        for name, value in self._options.items():
            switch = f"--{name.replace('_', '-')}"
            if value is not False:
                options += [switch] if value is True else [f"{switch}={value}"]
        self._child = PortalFork(options, {"TABCREW_DEMO_PASSWORD": PASSWORD})
        self.url = self._read_url(self._child, within_s=15)
        self._options["port"] = self.port

    def stop(self) -> int:
        """End it as a user would (SIGTERM) and return its exit code; stopping twice is allowed."""
        child, self._child = self._child, None
        return 0 if child is None else child.end(within_s=5)

    def audit(self, event: str | None = None) -> list[dict[str, Any]]:
        """What the portal saw so far, all of it or one kind of event."""
        return [line for line in read_audit(self.audit_path) if event in (None, line["event"])]

    def logins(self) -> int:
        return len(self.audit("login"))

    def served(self) -> Counter[str]:
        """How often each record's document went out whole."""
        return Counter(line["ref"] for line in self.audit("document_served") if line["complete"])

    def _read_url(self, child: PortalFork, within_s: float) -> str:
        ready, _, _ = select.select([child.stdout], [], [], within_s)
        line = os.read(child.stdout.fileno(), 1000).decode() if ready else ""
        if not line.startswith("listening on "):
            self.stop()
            raise RuntimeError(f"demo portal did not listen within {within_s} s; it said {line!r}")
        return line.removeprefix("listening on ").strip()


def demo_form_settings(url: str, **overrides: Any) -> FormSettings:
    """Settings of the form adapter that fetch every document of a demo portal at ``url``."""
    settings = FormSettings(
        url=url,
        sign_in_url="/login",
        username_selector="#username",
        password_selector="#password",
        sign_in_button_selector="button[type=submit]",
        sign_in_error_selector="div[role=alert]",
        signed_in_selector="#account-menu",
        end_other_session_selector="#end-other-session",
        consent_selectors=("#accept-licence", "#continue"),
        inventory="csv_export",
        inventory_url="/inventory",
        clear_filters_selector="#clear-filters",
        export_selector="#export-csv",
        table_row_selector="table#inventory tbody tr",
        next_page_selector="a[rel=next]",
        reference_column="Reference",
        record_url="/records/{ref}",
        search_selector="input[name=q]",
        record_link_selector="table#inventory tbody a",
        capture="click",
        document_url="/records/{ref}/report.pdf",
        document_selector="#get-report",
        no_document_text="No report available for this record.",
    )
    return replace(settings, **overrides)
