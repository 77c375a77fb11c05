"""Are all tabs at work all the time? N tabs against one, on a portal that takes L seconds for each document.

    python -m benchmarks.tabs_kept_busy [--tabs 8] [--documents 200] [--latency 2] [--alone 12]

Runs the program itself twice in one go: with one tab, which gives t, the mean time of a document alone;
then with N tabs. N tabs that are never idle would take documents · t / N. What the run took beyond that is
the price of dispatching, of sharing one Chrome, and of the last documents, for which there are more tabs
than work. Times are the ledger's: from the first lease to the last document.

The capture is ``fetch`` unless told otherwise. With ``click`` it is Chrome that asks for the document, and
Chrome opens at most six connections to a host that speaks HTTP/1.1, as the demo portal does: more than six
tabs then wait for each other. A portal that speaks HTTP/2 sets no such limit.
"""

import argparse
import tempfile
from datetime import datetime
from pathlib import Path

from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess


def main() -> None:
    """Measure and print one line for each run, and their ratio."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="tabcrew-bench-") as folder:
        alone_s = span_s(Path(folder) / "alone", 1, arguments.alone, arguments) / arguments.alone
        print(f"1 tab:   {alone_s:.3f} s a document ({arguments.alone} documents)")
        took_s = span_s(Path(folder) / "crew", arguments.tabs, arguments.documents, arguments)
    ideal_s = arguments.documents * alone_s / arguments.tabs
    print(
        f"{arguments.tabs} tabs:  {took_s:.1f} s for {arguments.documents} documents, ideal {ideal_s:.1f} s"
    )
    print(f"ratio:   {took_s / ideal_s:.3f}; tabs busy {100 * ideal_s / took_s:.1f} %")


def span_s(folder: Path, tabs: int, documents: int, arguments: argparse.Namespace) -> float:
    """Seconds from the first lease to the last document."""
    latency_s: float = arguments.latency
    folder.mkdir()
    with (
        PortalProcess(folder, records=documents, latency=latency_s) as portal,
        TabcrewProcess(folder, portal.url, run__workers=tabs, portal__capture=arguments.capture) as crew,
    ):
        code = crew.wait(within_s=60 + 3 * documents * (latency_s + 1) / tabs)
        if code != 0:
            raise SystemExit(f"the run ended with exit code {code}:\n{crew.said()}")
        ((first, last),) = crew.query("SELECT min(started_at), max(ended_at) FROM attempts")
        return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tabs", type=int, default=8)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--latency", type=float, default=2.0, help="seconds the portal takes for a document")
    parser.add_argument("--capture", default="fetch", help="fetch, click or download")
    parser.add_argument("--alone", type=int, default=12, help="documents to measure in one tab alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
