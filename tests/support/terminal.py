"""A terminal of a few rows: it obeys what the live view writes, and echoes keys as a real one does."""

import io
import re

_PART = re.compile(r"\x1b\[(?P<numbers>[\d;?]*)(?P<final>[A-Za-z])|\x1b(?P<short>[78])|(?P<letter>[\s\S])")


class EchoingTerminal(io.StringIO):
    """``width`` and ``height`` in cells. A full line wraps with the next letter, as on xterm."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self._width = width
        self._rows = [""] * height
        self._row = self._column = 0
        self._noted = (0, 0)

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for part in _PART.finditer(text):
            self._obey(part)
        return len(text)

    def press_enter(self) -> None:
        self.write("\r\n")

    def press_ctrl_c(self) -> None:
        self.write("^C")

    def shown(self) -> list[str]:
        return [row.rstrip() for row in self._rows]

    def _obey(self, part: re.Match[str]) -> None:
        match part["final"] or part["short"] or part["letter"]:
            case "\r":
                self._column = 0
            case "\n":  # to which a terminal's driver adds the \r
                self._next_row()
                self._column = 0
            case "A" if part["final"]:
                self._row = max(0, self._row - int(part["numbers"] or 1))
            case "J" if part["final"]:
                self._rows[self._row] = self._rows[self._row][: self._column]
                self._rows[self._row + 1 :] = [""] * (len(self._rows) - self._row - 1)
            case "K" if part["final"]:
                self._rows[self._row] = ""
            case "7" if part["short"]:
                self._noted = self._row, self._column
            case "8" if part["short"]:
                self._row, self._column = self._noted
            case letter if part["letter"] and letter >= " ":
                self._put(letter)

    def _put(self, letter: str) -> None:
        if self._column == self._width:
            self._next_row()
            self._column = 0
        row = self._rows[self._row].ljust(self._column)
        self._rows[self._row] = row[: self._column] + letter + row[self._column + 1 :]
        self._column += 1

    def _next_row(self) -> None:
        if self._row == len(self._rows) - 1:
            self._rows = [*self._rows[1:], ""]
        else:
            self._row += 1
