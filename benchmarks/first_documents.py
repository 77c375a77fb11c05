"""How soon do many tabs deliver after the start and after Chrome's death, by how many boot at once?

    python -m benchmarks.first_documents [--tabs 32] [--boots 2,32] [--seconds 30]

Runs the program itself once for each of ``--boots``, told that the machine has so many processors, which is
how many workers a run lets boot at once. When it has run for ``--seconds``, its Chrome is killed, and as
many seconds are looked at again. Printed are the documents delivered in each third of them.
"""

import argparse
import os
import signal
import tempfile
import time
from datetime import datetime
from pathlib import Path

from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

RECORDS = 5000
"""More than are fetched in the time: a run that ends by itself would end the series."""

_PARTS = 3


def _run_with(processors: int) -> tuple[str, ...]:
    """The program, told that the machine has so many processors."""
    return ("-c", f"import os; os.cpu_count = lambda: {processors}; from supervisor.cli import main; main()")


def main() -> None:
    """Measure and print one line for each number of boots."""
    arguments = _arguments()
    for boots in arguments.boots.split(","):
        with tempfile.TemporaryDirectory(prefix="tabcrew-bench-") as folder:
            started, killed = _documents(Path(folder), int(boots), arguments.tabs, arguments.seconds)
        print(f"{boots:>3} boots at once: documents after the start {started}, after Chrome's death {killed}")


def _documents(folder: Path, boots: int, tabs: int, seconds: float) -> tuple[list[int], list[int]]:
    with PortalProcess(folder, records=RECORDS, latency=1.0) as portal:
        crew = TabcrewProcess(folder, portal.url, run__workers=tabs)
        crew.program = _run_with(boots)
        began = time.time()
        with crew:
            time.sleep(seconds)
            killed = time.time()
            os.kill(crew.log("chrome_up")[-1]["pid"], signal.SIGKILL)
            time.sleep(seconds)
            done = [datetime.fromisoformat(line["at"]).timestamp() for line in crew.log("document_done")]
    return _by_part(done, began, seconds), _by_part(done, killed, seconds)


def _by_part(done: list[float], since: float, seconds: float) -> list[int]:
    part_s = seconds / _PARTS
    return [sum(since + n * part_s <= at < since + (n + 1) * part_s for at in done) for n in range(_PARTS)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tabs", type=int, default=32)
    parser.add_argument("--boots", default="2,32", help="how many at once, one run for each")
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
