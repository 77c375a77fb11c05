"""The portal as a program of its own: ``python -m demo_portal``. Its first line of output is its address."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from demo_portal.config import Delivery, PortalConfig, SecondLogin
from demo_portal.faults import FaultMix
from demo_portal.server import serve

_DEFAULTS = PortalConfig()


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after a signal, 2 when an option makes no sense or the port is taken."""
    options = _parser().parse_args(arguments)
    try:
        config = _config(options)
        if options.until_stdin_closes:
            _end_with_stdin()
        serve(config, port=options.port, on_listening=_say_where)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"demo_portal: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo_portal",
        description="A small vehicle records portal to try Tabcrew on. Listens on 127.0.0.1 only.",
        epilog="The password comes from TABCREW_DEMO_PASSWORD (else it is 'tabcrew'), never from an option.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 (default): any free port")
    add("--records", type=int, default=_DEFAULTS.records)
    add("--seed", type=int, default=_DEFAULTS.seed)
    add("--latency", type=float, default=_DEFAULTS.latency_s, help="seconds that each document takes")
    add("--delivery", choices=get_args(Delivery), default=_DEFAULTS.delivery)
    add("--username", default=_DEFAULTS.username)
    add("--second-login", choices=get_args(SecondLogin), default=_DEFAULTS.second_login)
    add("--session-ttl", type=float, default=_DEFAULTS.session_ttl_s, help="seconds; 0 (default): for ever")
    add("--audit", type=Path, help="file for the audit log (JSON lines, appended)")
    add("--faults", default="", help="for example hang=0.02,error=0.05,spin!=V-0003")
    add("--no-report", type=float, default=_DEFAULTS.no_report, help="share of records without a document")
    add("--hostile", action="store_true", help="references and cells that hurt careless programs")
    add("--until-stdin-closes", action="store_true", help="end when the parent process does")
    return parser


def _config(options: argparse.Namespace) -> PortalConfig:
    return PortalConfig(
        records=options.records,
        seed=options.seed,
        latency_s=options.latency,
        delivery=options.delivery,
        username=options.username,
        password=os.environ.get("TABCREW_DEMO_PASSWORD") or _DEFAULTS.password,
        second_login=options.second_login,
        session_ttl_s=options.session_ttl,
        audit_path=options.audit,
        faults=FaultMix.parse(options.faults),
        no_report=options.no_report,
        hostile=options.hostile,
    )


def _say_where(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


def _end_with_stdin() -> None:
    """A parent that dies, by whatever signal, closes our stdin: no portal is left behind."""

    def wait() -> None:
        while os.read(0, 4096):  # not sys.stdin: its lock, held here, would abort the interpreter's end
            pass
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=wait, name="stdin", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
