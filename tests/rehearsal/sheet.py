"""The verdict sheet: what a person reads in the morning, and the same as JSON for machines. Pure."""

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from tests.rehearsal.evidence import Evidence
from tests.rehearsal.recovery import median_and_p95, recoveries
from tests.rehearsal.verdict import Check

_WIDTH = 32


def as_text(evidence: Evidence, checks: tuple[Check, ...]) -> str:
    """Ends with one line that says it all."""
    deaths = Counter(death.victim for death in evidence.deaths)
    faults = Counter(fault.kind for fault in evidence.faults)
    lines = [
        f"Rehearsal, seed {evidence.seed}: "
        f"{evidence.records} records, {evidence.tabs} tabs, {evidence.took_s:.0f} s",
        _row("portal misbehaved", f"{sum(faults.values())}: {_counts(faults)}"),
        _row("killed", f"{sum(deaths.values())}: {_counts(deaths)}"),
    ]
    if evidence.missed:
        lines.append(_row("not killed (nothing to kill)", ", ".join(evidence.missed)))
    for victim, seconds in sorted(recoveries(evidence).items()):
        half, most = median_and_p95(seconds)
        lines.append(
            _row(f"recovery, {victim}", f"median {half:.1f} s, p95 {most:.1f} s, {len(seconds)} times")
        )
    lines += [
        f"{'ok ' if check.ok else 'BAD'} {_row(check.name, check.said, _WIDTH - 4)}" for check in checks
    ]
    bad = [check.name for check in checks if not check.ok]
    lines.append(f"FAILED: {', '.join(bad)}" if bad else "HELD: nothing lost, nothing unexplained")
    return "\n".join(lines) + "\n"


def as_json(evidence: Evidence, checks: tuple[Check, ...]) -> str:
    """One object: ``held``, ``checks``, ``recovery_s``, and counts; ``evidence`` has everything else."""
    found: dict[str, Any] = asdict(evidence)
    found["undeliverable"] = sorted(evidence.undeliverable)
    return json.dumps(
        {
            "held": all(check.ok for check in checks),
            "seed": evidence.seed,
            "checks": [asdict(check) for check in checks],
            "deaths": Counter(death.victim for death in evidence.deaths),
            "faults": Counter(fault.kind for fault in evidence.faults),
            "recovery_s": recoveries(evidence),
            "evidence": found,
        },
        indent=1,
    )


def _row(name: str, said: str, width: int = _WIDTH) -> str:
    return f"{name:<{width}}{said}"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in sorted(counts.items())) or "nothing"
