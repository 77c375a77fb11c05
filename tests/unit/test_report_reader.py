"""Frames from a pipe whose writer may stop, or die, at any byte: whole ones come out, none ever blocks."""

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.report_reader import ReportReader
from tabworker.messages import MAX_FRAME_BYTES


@pytest.fixture
def pipe() -> Iterator[tuple[ReportReader, int]]:
    """A reader and the raw writing end of its pipe."""
    reading, writing = os.pipe()
    reader = ReportReader(Connection(reading, writable=False))
    yield reader, writing
    reader.close()
    try:
        os.close(writing)
    except OSError:
        pass  # the test closed it itself


def frame(message: bytes) -> bytes:
    return struct.pack("!i", len(message)) + message


def test_reader_returns_at_once_when_nothing_was_written(pipe: tuple[ReportReader, int]) -> None:
    reader, _ = pipe
    assert reader.read() == []
    assert not reader.at_end


def test_reader_understands_the_frames_when_connection_writes_them() -> None:
    reading, writing = os.pipe()
    reader = ReportReader(Connection(reading, writable=False))
    with Connection(writing, readable=False) as connection:
        for message in (b"one", b"", b"x" * MAX_FRAME_BYTES):
            connection.send_bytes(message)
        assert reader.read() == [b"one", b"", b"x" * MAX_FRAME_BYTES]
    assert reader.read() == []
    assert reader.at_end
    reader.close()


def test_reader_waits_for_the_rest_when_a_frame_is_cut(pipe: tuple[ReportReader, int]) -> None:
    reader, writing = pipe
    for byte in frame(b"hello")[:-1]:
        os.write(writing, bytes([byte]))
        assert reader.read() == []
    os.write(writing, b"o" + frame(b"next"))
    assert reader.read() == [b"hello", b"next"]


def test_last_whole_frames_are_read_when_the_writer_is_gone(pipe: tuple[ReportReader, int]) -> None:
    reader, writing = pipe
    os.write(writing, frame(b"delivered") + frame(b"half of this")[:9])
    os.close(writing)
    assert reader.read() == [b"delivered"]
    assert reader.at_end
    assert reader.read() == []


def test_end_is_not_seen_when_another_writer_is_left(pipe: tuple[ReportReader, int]) -> None:
    reader, writing = pipe
    heir = os.dup(writing)
    os.close(writing)
    assert reader.read() == []
    assert not reader.at_end
    os.close(heir)
    assert reader.read() == []
    assert reader.at_end


@settings(deadline=None, max_examples=200)
@given(messages=st.lists(st.binary(max_size=200), max_size=8), data=st.data())
def test_frames_come_out_whole_and_in_order_when_they_are_cut_anywhere(
    messages: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frame(message) for message in messages)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=12)))
    kept = data.draw(st.integers(0, len(stream)))  # the writer dies after so many bytes
    reading, writing = os.pipe()
    reader = ReportReader(Connection(reading, writable=False))
    got: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        os.write(writing, stream[min(start, kept) : min(end, kept)])
        got += reader.read()
        assert not reader.at_end
    os.close(writing)
    got += reader.read()
    assert reader.at_end
    reader.close()
    whole, length = 0, 0
    for message in messages:
        length += len(frame(message))
        whole += length <= kept
    assert got == messages[:whole]


def writer_in_child(writing: int, data: bytes, then: int) -> subprocess.Popen[bytes]:
    """A process that writes ``data`` and then gets the signal ``then``, as a worker may. Ours is closed."""
    code = f"import os\nos.write({writing}, {data!r})\nos.kill(os.getpid(), {then})\n"
    child = subprocess.Popen([sys.executable, "-I", "-c", code], pass_fds=[writing])
    os.close(writing)
    return child


def test_result_is_saved_when_its_writer_is_killed_in_the_next_frame(pipe: tuple[ReportReader, int]) -> None:
    reader, writing = pipe
    frames = frame(b"delivered") + frame(b"never whole")[:6]
    child = writer_in_child(writing, frames, signal.SIGKILL)
    assert child.wait(timeout=30) == -signal.SIGKILL
    assert reader.read() == [b"delivered"]
    assert reader.at_end


def test_reader_never_blocks_when_its_writer_is_stopped_in_mid_frame(pipe: tuple[ReportReader, int]) -> None:
    reader, writing = pipe
    frames = frame(b"delivered") + frame(b"never whole")[:6]
    with writer_in_child(writing, frames, signal.SIGSTOP) as child:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert reader.connection.poll()  # a plain recv() would believe this and hang (HAZARDS P4)
        assert reader.read() == [b"delivered"]
        assert reader.read() == []
        assert not reader.at_end
        child.kill()
    assert reader.read() == []
    assert reader.at_end


def test_everything_is_read_when_a_pipe_is_full(pipe: tuple[ReportReader, int]) -> None:
    reader, writing = pipe
    os.set_blocking(writing, False)
    whole = frame(b"x" * 100)
    written = 0
    while True:
        try:
            written += os.write(writing, whole)
        except BlockingIOError:
            break
    assert len(reader.read()) == written // len(whole)
