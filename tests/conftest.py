"""Fixtures that several rooms of tests share, and what the children of every test inherit."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.portal import PortalProcess

# Else each child, and there are thousands, compiles the whole program anew: 0.3 s a start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    """A demo portal of 6 records, without latency."""
    with PortalProcess(tmp_path, records=6) as running:
        yield running
