"""Draws run.svg, the README's picture, from the status.json of a real run:

python docs/images/draw_run.py work/status.json
"""

import io
import sys
from pathlib import Path

import msgspec
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))

from supervisor.snapshot import Snapshot
from supervisor.terminal.view import view

WIDTH, HEIGHT = 100, 30


def draw(status: Path, picture: Path) -> None:
    """Write what the terminal showed at the moment of ``status`` to ``picture``."""
    snapshot = msgspec.json.decode(status.read_bytes(), type=Snapshot)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False, force_terminal=True)
    for line in view(snapshot, WIDTH, HEIGHT):
        console.print(line, no_wrap=True)
    console.save_svg(str(picture), title="python run.py")


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(__file__).with_name("run.svg"))
