"""Makes text from a portal harmless before it reaches a terminal."""

import unicodedata

_REPLACEMENT = "�"

_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories that move the cursor, colour the screen, turn the writing or cannot be shown."""


def harmless(text: str) -> str:
    """``text`` on one line: white space becomes blanks, whatever a terminal would obey becomes �.

    Markup needs no care here: the view builds rich Texts, which take every ``[`` as it stands.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_harmless_character(character) for character in text)


def _harmless_character(character: str) -> str:
    if character in "\t\n\r":
        return " "
    return _REPLACEMENT if unicodedata.category(character) in _INVISIBLE else character
