"""Which addresses a tab does not load: what no Chrome switch turns off is told by how an address ends. Pure.

Images and fonts are turned off by switches of Chrome, by type and for all tabs (chrome_launcher/switches.py);
for media and style sheets there is none. The tab endpoint gives Chrome this list with every session in which
Playwright listens to the network, that is for frames of other sites and pop-ups too, so no request costs a
round trip, and no event is told twice: a session of our own for the list made a page 40 ms dearer. The first
media and style sheets of a pop-up may be asked for before it has that list.
"""

from collections.abc import Collection

ENDINGS = {
    "media": ("mp4", "webm", "ogv", "mov", "m3u8", "mpd", "mp3", "ogg", "wav", "m4a"),
    "stylesheet": ("css",),
}

SWITCHED_OFF = {
    "image": ("png", "jpg", "jpeg", "gif", "webp", "avif", "bmp", "ico", "svg"),
    "font": ("woff", "woff2", "ttf", "otf", "eot"),
}
"""What a switch of our own Chrome turns off for all tabs, cheaper still; for one that is not ours."""


def blocked_addresses(
    types: Collection[str], hosts: Collection[str] = (), *, by_switches: bool = True
) -> tuple[str, ...]:
    """Patterns for ``Network.setBlockedURLs``. ``by_switches``: Chrome's switches do what they can, which is
    images, fonts and hosts.
    """
    known = ENDINGS if by_switches else ENDINGS | SWITCHED_OFF
    endings = [ending for kind in sorted(types) for ending in known.get(kind, ())]
    named = () if by_switches else tuple(f"*://{sub}{host}/*" for host in hosts for sub in ("", "*."))
    return named + tuple(f"*://*/*.{ending}{rest}" for ending in endings for rest in ("", "?*"))
