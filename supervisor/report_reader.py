"""Reading a worker's report pipe without ever blocking, down to the last whole frame before its end.

``Connection.recv`` blocks for ever when its writer was stopped in the middle of a frame although ``poll()``
said that there is something to read (HAZARDS P4), so on POSIX the frames are taken apart here: a 4-byte
big-endian length, then the message, as ``multiprocessing.connection`` writes them.
"""

import os
import struct
from multiprocessing.connection import Connection

_HEADER = struct.Struct("!i")
_READ_BYTES = 65536


class ReportReader:
    """The reading end of one worker's report pipe."""

    def __init__(self, connection: "Connection[object, object]") -> None:
        self.connection = connection
        self.at_end = False
        self._buffer = bytearray()
        if os.name == "posix":
            os.set_blocking(connection.fileno(), False)

    def read(self) -> list[bytes]:
        """Whatever whole frames are there now; sets ``at_end`` once every writer is gone and all was read."""
        if os.name == "posix":
            self._fill()
            return self._whole_frames()
        return self._receive()

    def close(self) -> None:
        self.connection.close()

    def _fill(self) -> None:
        while not self.at_end:
            try:
                data = os.read(self.connection.fileno(), _READ_BYTES)
            except BlockingIOError:
                return
            self.at_end = not data
            self._buffer += data

    def _whole_frames(self) -> list[bytes]:
        frames: list[bytes] = []
        offset = 0
        while len(self._buffer) - offset >= _HEADER.size:
            (length,) = _HEADER.unpack_from(self._buffer, offset)
            if length < 0:
                # No worker of ours writes that: its memory is damaged, and where the next frame begins is
                # unknown.
                self.at_end = True
                self._buffer.clear()
                return frames
            end = offset + _HEADER.size + length
            if len(self._buffer) < end:
                break
            frames.append(bytes(self._buffer[offset + _HEADER.size : end]))
            offset = end
        del self._buffer[:offset]
        return frames

    def _receive(self) -> list[bytes]:
        # Windows: a named pipe in message mode delivers a message whole or not at all.
        frames = []
        try:
            while self.connection.poll():
                frames.append(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.at_end = True
        return frames
