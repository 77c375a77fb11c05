"""How long does it take from a fault until work goes on? Every kind of fault, caused for real, many times.

    python -m benchmarks.recovery_times [--faults 50] [--kinds worker,chrome] [--json FILE]

Each kind has a run of its own: `python run.py` as shipped, with five tabs, on a demo portal that takes 4 s
for a document, so that the machine is nearly idle and a fault nearly always hits a task at work. Only the
limits that would stop a run in which so much dies are raised. A fault waits until the one before is recovered
from and two seconds more have passed; frozen workers alone overlap, one every three seconds, because a frozen
worker disturbs nobody and waiting for each of them would take the series a quarter of an hour.

Instants are those of the program's own log and ledger (to the millisecond) and of the clock at the signal.
A worker's boot is mostly the start of Python and of Playwright's driver, and so the machine's own time: it
stands in a row of its own, measured in the same faults.
"""

import argparse
import json
import platform
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import psutil

from benchmarks.recovery_figures import Summary, summarize
from benchmarks.recovery_run import Options, Series, measure
from tests.rehearsal.schedule import Victim

KINDS = {
    "worker": Victim.WORKER,
    "stopped": Victim.STOPPED,
    "driver": Victim.DRIVER,
    "renderer": Victim.RENDERER,
    "chrome": Victim.CHROME,
    "supervisor": Victim.SUPERVISOR,
}


def main() -> None:
    """Measure kind by kind, print the table so far after each, and write the values."""
    arguments = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _unwind)
    options = Options(arguments.faults, arguments.tabs, arguments.latency, arguments.seed)
    done: list[Series] = []
    with tempfile.TemporaryDirectory(prefix="tabcrew-bench-") as folder:
        for kind in arguments.kinds.split(","):
            done.append(measure(KINDS[kind], options, Path(folder) / kind, _say))
            _say(table(done[-1:]))
            if arguments.json:
                arguments.json.write_text(as_json(options, done), "utf-8")
    print(table(done), flush=True)


def _unwind(number: int, _frame: FrameType | None) -> None:
    """Leave nothing running when ended by a signal: SystemExit unwinds, undisturbed by a second one."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def table(series: list[Series]) -> str:
    """Markdown: one row for each measure of each kind."""
    head = [
        "| fault | from the fault, s | promise | n | within | median | p95 | max |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    rows = [_row(one.victim, row) for one in series for row in summarize(one.victim, one.figures)]
    return "\n".join(
        [*head, *rows, "", f"{psutil.cpu_count()} cores, {platform.system()}.", *map(_hits, series)]
    )


def _hits(series: Series) -> str:
    return (
        f"{series.victim}: {len(series.figures)} of {series.struck} faults hit a task at work, "
        f"cores {series.busy_percent:.0f} % busy."
    )


def _row(victim: Victim, row: Summary) -> str:
    promise = "" if row.promise_s is None else f"≤ {row.promise_s:g}"
    within = "" if row.within is None else f"{row.within}"
    return (
        f"| {victim} | {row.measure} | {promise} | {row.n} | {within} "
        f"| {row.median_s:.2f} | {row.p95_s:.2f} | {row.max_s:.2f} |"
    )


def as_json(options: Options, series: list[Series]) -> str:
    """Every single value, for whoever wants another statistic."""
    return json.dumps(
        {
            "cores": psutil.cpu_count(),
            "options": {"tabs": options.tabs, "latency_s": options.latency_s, "seed": options.seed},
            "series": {
                one.victim: {"struck": one.struck, "busy_percent": one.busy_percent, "figures": one.figures}
                for one in series
            },
        },
        indent=1,
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faults", type=int, default=50, help="of each kind")
    parser.add_argument("--kinds", type=_kinds, default=",".join(KINDS), help=f"of {', '.join(KINDS)}")
    parser.add_argument("--tabs", type=int, default=5)
    parser.add_argument("--latency", type=float, default=4.0, help="seconds the portal takes for a document")
    parser.add_argument("--seed", type=int, default=1, help="which of the workers is hit, and when")
    parser.add_argument("--json", type=Path, help="also write every value to this file")
    return parser.parse_args()


def _kinds(text: str) -> str:
    unknown = [kind for kind in text.split(",") if kind not in KINDS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such kind: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    return text


if __name__ == "__main__":
    main()
