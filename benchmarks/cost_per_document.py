"""CPU per document against the number of tabs: Tabcrew's workers beside a naive crew without the tab
endpoint, and beside one asyncio process that drives all tabs.

    python -m benchmarks.cost_per_document [--tabs 1,2,4,8,16] [--documents 96] [--output benchmarks/results]

Each worker opens a record's page and fetches its document in the session. The naive worker does the very
same with the same adapter, but attaches to Chrome directly, as `connect_over_cdp` is commonly used: it sees
every tab. The one process does it with Playwright's own calls, and isolates nothing. CPU is user + system
time of Chrome with its children, of the Playwright drivers, and of the Python workers, from a first
document in each tab (not counted) to the last. The supervisor's own share is not in it. The order of the
runs alternates, so that a machine that slows down hurts all sides alike.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import multiprocess
import psutil

from benchmarks.crew import CrewMember, crew_member
from benchmarks.one_process import one_process
from chrome_launcher.browser_state import set_download_folder
from chrome_launcher.chrome import Chrome
from chrome_launcher.find import find_chrome
from chrome_launcher.launch import launch_chrome
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import open_tab
from tests.support.portal import PortalProcess, demo_form_settings

CREWS = {
    "tabcrew": "Tabcrew: each worker sees its own tab",
    "naive": "naive: each worker sees all tabs",
    "one process": "one asyncio process, no isolation",
}
_SPAWN = multiprocess.get_context("spawn")
_READY_WITHIN_S = 120.0


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds per document, by who used them. ``documents``: how many were counted."""

    crew: str
    tabs: int
    documents: int
    chrome_ms: float
    drivers_ms: float
    python_ms: float
    documents_per_s: float

    @property
    def total_ms(self) -> float:
        return self.chrome_ms + self.drivers_ms + self.python_ms


def main() -> None:
    """Measure, print the table, write results and plot."""
    arguments = _arguments()
    tabs = [int(number) for number in arguments.tabs.split(",")]
    costs: list[Cost] = []
    with (
        tempfile.TemporaryDirectory(prefix="tabcrew-bench-") as folder,
        PortalProcess(Path(folder), records=200, delivery="attachment") as portal,
    ):
        for turn, number in enumerate(tabs):
            for crew in list(CREWS) if turn % 2 == 0 else list(CREWS)[::-1]:
                costs.append(measure(crew, number, arguments.documents, portal.url, Path(folder)))
                print(_row(costs[-1]), file=sys.stderr)
    print(table(costs))
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_csv(costs, arguments.output / "cost_per_document.csv")
    draw(costs, arguments.output / "cost_per_document.svg")


def measure(crew: str, tabs: int, documents: int, portal_url: str, folder: Path) -> Cost:
    """One fresh Chrome, one sign-in, ``tabs`` workers, ``documents`` documents."""
    with _chrome(Path(tempfile.mkdtemp(dir=folder))) as (chrome, root, downloads):
        start = _start_one_process if crew == "one process" else _start_members
        members = start(crew, tabs, portal_url, chrome, root, downloads)
        try:
            chrome_process = psutil.Process(chrome.pid)
            before = _cpu(chrome_process, members)
            began_at = time.perf_counter()
            _hand_out(members, documents)
            took_s = time.perf_counter() - began_at
            after = _cpu(chrome_process, members)
        finally:
            for process in {member.process for member in members}:
                process.kill()
                process.join()
    chrome_ms, drivers_ms, python_ms = (1000 * (after[who] - before[who]) / documents for who in after)
    return Cost(crew, tabs, documents, chrome_ms, drivers_ms, python_ms, documents / took_s)


@contextmanager
def _chrome(folder: Path) -> Iterator[tuple[Chrome, RootConnection, Path]]:
    downloads = folder / "downloads"
    chrome = launch_chrome(find_chrome(), folder / "profile", headless=True, images=False, renderer_limit=40)
    root = RootConnection.connect(chrome.ws_url)
    try:
        set_download_folder(root, downloads)
        yield chrome, root, downloads
    finally:
        root.close()
        chrome.stop()


def _start_members(
    crew: str, tabs: int, portal_url: str, chrome: Chrome, root: RootConnection, downloads: Path
) -> list[CrewMember]:
    """Start all workers; the first signs in before the others come. Each has fetched one document when this
    returns.
    """
    settings = demo_form_settings(portal_url, capture="fetch", reference_in_document=False)
    members: list[CrewMember] = []
    for number in range(tabs):
        target = open_tab(root, own_window=True) if crew == "tabcrew" else None  # as a headless run does
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=crew_member,
            args=(theirs, chrome.ws_url, target, downloads, settings, number == 0),
            daemon=True,
        )
        process.start()
        theirs.close()
        members.append(CrewMember(process, ours))
        if number == 0:
            _expect_ready(members[0])
    for member in members[1:]:
        _expect_ready(member)
    return members


def _start_one_process(
    _crew: str, tabs: int, portal_url: str, chrome: Chrome, _root: RootConnection, downloads: Path
) -> list[CrewMember]:
    """A member for each tab, all of them the same process."""
    settings = demo_form_settings(portal_url)
    pipes = [_SPAWN.Pipe() for _ in range(tabs)]
    theirs = [pipe[1] for pipe in pipes]
    process = _SPAWN.Process(
        target=one_process, args=(theirs, chrome.ws_url, downloads, settings), daemon=True
    )
    process.start()
    for talk in theirs:
        talk.close()
    members = [CrewMember(process, ours) for ours, _ in pipes]
    for member in members:
        _expect_ready(member)
    return members


def _expect_ready(member: CrewMember) -> None:
    if not member.talk.poll(_READY_WITHIN_S):
        raise RuntimeError(f"worker {member.process.pid} was not ready within {_READY_WITHIN_S:.0f} s")
    member.talk.recv()


def _hand_out(members: list[CrewMember], documents: int) -> None:
    """One record at a time to whoever is free, until all are done."""
    waiting = {member.talk: member for member in members}
    for given, member in enumerate(members):
        member.talk.send(given)
    given, done = len(members), 0
    while done < documents:
        for talk in multiprocess.connection.wait(list(waiting)):
            talk.recv()
            done += 1
            if given < documents:
                talk.send(given)
                given += 1


def _cpu(chrome: psutil.Process, members: list[CrewMember]) -> dict[str, float]:
    """Seconds used so far. Chrome's renderers that ended are in their parent's sum of waited-for children."""
    used = {"chrome": 0.0, "drivers": 0.0, "python": 0.0}
    for process in (chrome, *chrome.children(recursive=True)):
        times = process.cpu_times()
        used["chrome"] += times.user + times.system + times.children_user + times.children_system
    for pid in {member.process.pid for member in members}:
        worker = psutil.Process(pid)
        used["python"] += sum(worker.cpu_times()[:2])
        used["drivers"] += sum(sum(child.cpu_times()[:2]) for child in worker.children(recursive=True))
    return used


def table(costs: list[Cost]) -> str:
    """The table for people; each row beside Tabcrew with one tab."""
    base = next(cost.total_ms for cost in costs if cost.crew == "tabcrew")
    head = f"{'crew':<11} {'tabs':>4} {'Chrome':>8} {'drivers':>8} {'Python':>8} {'total ms':>9}"
    head += f" {'ratio':>6} {'docs/s':>7}"
    rows = [
        f"{_row(cost)} {cost.total_ms / base:>6.2f} {cost.documents_per_s:>7.1f}"
        for cost in sorted_costs(costs)
    ]
    return "\n".join([head, *rows])


def sorted_costs(costs: list[Cost]) -> list[Cost]:
    return sorted(costs, key=lambda cost: (list(CREWS).index(cost.crew), cost.tabs))


def _row(cost: Cost) -> str:
    return (
        f"{cost.crew:<11} {cost.tabs:>4} {cost.chrome_ms:>8.1f} {cost.drivers_ms:>8.1f} "
        f"{cost.python_ms:>8.1f} "
        f"{cost.total_ms:>9.1f}"
    )


def write_csv(costs: list[Cost], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(Cost)])
        writer.writerows([list(asdict(cost).values()) for cost in sorted_costs(costs)])


def draw(costs: list[Cost], path: Path) -> None:
    """The plot: CPU per document over the number of tabs, one line a crew."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for crew, label in CREWS.items():
        mine = [cost for cost in sorted_costs(costs) if cost.crew == crew]
        axes.plot([cost.tabs for cost in mine], [cost.total_ms for cost in mine], marker="o", label=label)
    axes.set_xscale("log", base=2)
    ticks: list[Any] = sorted({cost.tabs for cost in costs})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("tabs")
    axes.set_ylabel("CPU per document, ms")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tabs", default="1,2,4,8,16", help="numbers of tabs, separated by commas")
    parser.add_argument("--documents", type=int, default=96, help="documents to count for each")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
