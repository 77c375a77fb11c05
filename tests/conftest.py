"""Fixtures that several rooms of tests share, and what a marker means."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.portal import PortalProcess


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    """A demo portal of 6 records, without latency."""
    with PortalProcess(tmp_path, records=6) as running:
        yield running
