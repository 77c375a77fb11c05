"""``python -m tests.rehearsal``: rehearse a night, print the verdict sheet. Exit code 0: it held."""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.rehearsal.gather import gather
from tests.rehearsal.night import Job, play_night
from tests.rehearsal.sheet import as_json, as_text
from tests.rehearsal.verdict import judge


def main() -> int:
    """0 when everything held, 1 when something was lost or is unexplained; then the files are kept."""
    options = _parser().parse_args()
    # Ended by whatever signal, the night leaves nothing running: SystemExit unwinds it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    job = Job(folder, seed, options.records, options.tabs, options.latency, kills=not options.no_kills)
    _say(f"rehearsing with seed {seed} in {folder}; `{_same_again(job)}` repeats it")
    log, portal, run = play_night(job, _say)
    evidence = gather(job, log, portal, run)
    checks = judge(evidence)
    sys.stdout.write((as_json if options.json else as_text)(evidence, checks))
    held = all(check.ok for check in checks)
    if held and not options.keep:
        shutil.rmtree(folder)
    else:
        _say(f"work directory, logs and audit log are kept in {folder}")
    return 0 if held else 1


def _same_again(job: Job) -> str:
    kills = "" if job.kills else " --no-kills"
    return (
        f"python -m tests.rehearsal --seed {job.seed} --records {job.records} --tabs {job.tabs} "
        f"--latency {job.latency_s:g}{kills}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.rehearsal",
        description="Run Tabcrew on a portal that misbehaves, kill its processes at random, judge the rest.",
        epilog="The same seed gives the same records, misbehaviours and kills.",
    )
    parser.add_argument("--seed", type=int, help="a number; without it one is drawn and printed")
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--tabs", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds that each document takes")
    parser.add_argument("--no-kills", action="store_true", help="only the portal misbehaves")
    parser.add_argument("--json", action="store_true", help="the sheet as JSON, with all of its evidence")
    parser.add_argument("--keep", action="store_true", help="keep the files also when everything held")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
