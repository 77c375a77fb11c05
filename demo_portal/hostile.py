"""References and cells that hurt careless programs: in file names, spreadsheets, shells, terminals."""

HOSTILE_REFS = (
    "V,0001",  # a comma in a CSV cell
    'V-"0002"',  # a quote in a CSV cell, in an attribute, in a header
    "V-0003\nV-0004",  # a line break inside a cell
    "=cmd|'/C calc'!A0",  # a spreadsheet formula
    "V-0005 🚗",  # outside the basic plane
    "../../V-0006",  # climbs out of a directory
    "..\\..\\V-0007",  # the same, elsewhere
    "CON",  # a device name on Windows
    "V-" + "9" * 300,  # longer than a file name may be
    "v-0010",  # these three differ in nothing but case …
    "V-0010",
    "V-0010 ",  # … and a space at the end
    "V-0012<script>alert(1)</script>",  # markup
    "Überführung-0013",  # one letter,
    "U\u0308berfu\u0308hrung-0013",  # the same letters in two code points each
    "V%2F0015",  # looks as if it were escaped already
    "V?0016#a&b=c",  # reserved in a URL
    ".hidden",  # a hidden file
    "nul.pdf",  # a device name with an ending
    "-rf",  # looks like a switch
)

_HOSTILE_CELLS = (
    "=1+1",
    "+SUM(A1)",
    "@import",
    'He said "no"',
    "a;b,c",
    "two\r\nlines",
    "\u202egnp.exe",  # turns the direction of writing
    "<b>bold</b>",
    "tab\there",
    "é̂́" * 5,
    "𝕍𝕠𝕝𝕧𝕠",
    "x" * 2000,
)


def hostile_refs(plain: list[str]) -> list[str]:
    """As many references as ``plain`` has, the hostile ones first; all differ."""
    others = [ref for ref in plain if ref not in HOSTILE_REFS]
    return [*HOSTILE_REFS, *others][: len(plain)]


def hostile_cells(index: int, plain: tuple[str, str, str]) -> tuple[str, str, str]:
    """Every second record gets one of its three cells replaced."""
    if index % 2:
        return plain
    turn = index // 2
    cells = list(plain)
    cells[turn % 3] = _HOSTILE_CELLS[turn % len(_HOSTILE_CELLS)]
    return cells[0], cells[1], cells[2]
