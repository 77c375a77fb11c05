"""A log file rotates, and what cannot be written is left out without a word on the terminal."""

import errno
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from tabworker.json_log import log_to_file
from tabworker.log_file import LogFile


@pytest.fixture(autouse=True)
def quiet_logger() -> Iterator[None]:
    yield
    logger.remove()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
def test_log_keeps_its_fault_and_the_terminal_stays_quiet_when_the_disk_is_full(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log = log_to_file(Path("/dev/full"), "INFO")
    logger.info("lost")
    logger.remove()
    assert log.fault == "No space left on device"
    assert capfd.readouterr() == ("", "")


def test_log_goes_on_when_its_folder_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "run.jsonl"
    log = log_to_file(path, "INFO")
    logger.info("lost")
    assert log.fault == "No such file or directory"
    path.parent.mkdir()
    logger.info("kept")
    assert log.fault == ""
    (line,) = path.read_text().splitlines()
    assert '"text": "kept"' in line


def test_log_begins_a_new_file_and_keeps_the_last_ones_when_it_is_large(tmp_path: Path) -> None:
    log_to_file(tmp_path / "run.jsonl", "INFO", rotate_mb=1, keep_files=2)
    for number in range(4):
        logger.info("{}{}", number, "x" * 700_000)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["run.1.jsonl", "run.2.jsonl", "run.jsonl"]
    assert '"text": "2x' in (tmp_path / "run.1.jsonl").read_text()


def test_log_keeps_a_traceback_in_its_line_when_an_error_is_logged(tmp_path: Path) -> None:
    log_to_file(tmp_path / "run.jsonl", "INFO")
    try:
        raise OSError(errno.EIO, "bad sector")
    except OSError:
        logger.exception("failed")
    (line,) = (tmp_path / "run.jsonl").read_text().splitlines()
    assert "bad sector" in line


def test_bug_in_a_line_is_told_when_it_is_no_fault_of_the_disk(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = LogFile(tmp_path / "run.jsonl", rotate_mb=1, keep_files=1)
    try:
        raise ValueError("a bug")
    except ValueError:
        log.handleError(logging.makeLogRecord({"msg": "said"}))
    assert "ValueError: a bug" in capfd.readouterr().err
    assert log.fault == ""
