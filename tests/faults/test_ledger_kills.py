"""The supervisor is killed before every single statement that it ever sends to its ledger."""

import subprocess
import sys
from pathlib import Path


def test_ledger_holds_its_identity_when_its_writer_is_killed_at_any_statement(
    tmp_path: Path,
) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.support.ledger_story", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) > 60, "the story no longer tells every transition"
