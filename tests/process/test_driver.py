"""The watch over a worker's driver, on real children."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tabworker.driver import Driver
from tests.support.eventually import eventually


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_driver_is_there_when_its_process_lives(child: "subprocess.Popen[bytes]") -> None:
    assert child.poll() is None
    assert not Driver().is_gone(within_s=0.05)


def test_driver_is_gone_when_its_process_is_dead_but_not_yet_reaped(child: "subprocess.Popen[bytes]") -> None:
    driver = Driver()
    os.kill(child.pid, signal.SIGKILL)
    assert driver.is_gone(within_s=5.0)
    assert child.wait() == -signal.SIGKILL


def test_driver_is_gone_when_its_process_was_reaped(child: "subprocess.Popen[bytes]") -> None:
    driver = Driver()
    child.kill()
    child.wait()
    eventually(driver.is_gone, within_s=1.0)


def test_other_children_are_no_driver_when_they_came_later(child: "subprocess.Popen[bytes]") -> None:
    driver = Driver()
    with subprocess.Popen([sys.executable, "-c", ""]) as later:
        later.wait()
    assert child.poll() is None
    assert not driver.is_gone()
