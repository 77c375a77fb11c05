"""Every switch that Chrome is started with: one line a switch, one reason a switch.

Those marked *cost* are what a hand-launched Chrome lacks (HAZARDS C10): measured in pairs, a page costs no
more CPU with this list than with Playwright's own. What nobody can give a reason for is left out.

Tried and not used: ``--disable-crashpad-for-testing`` would save two processes, but the network service then
dies of an "FD ownership violation" and is restarted, in 6 starts of 6 (Chromium 156).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

DISABLED_FEATURES = (
    # name of the feature            why a run is better off without it
    "AimEnabled",  # cost: asks www.google.com at every start whether its AI mode is for us
    "AutofillServerCommunication",  # privacy: sends the shape of the portal's forms to Google
    "BackForwardCache",  # cost: keeps every record's page we have left alive in memory
    "DestroyProfileOnBrowserClose",  # Browser.close must leave the profile whole
    "GlobalMediaControls",  # cost: watches every tab for media
    "HttpsFirstBalancedModeAutoEnable",  # a portal on http:// is opened as the settings name it
    "HttpsUpgrades",  # the same: a failed try on https:// costs every navigation seconds
    "InfiniteTabsFreezing",  # freezes background tabs: all our tabs are background tabs (C14)
    "LensOverlay",  # cost: a listener in every page for a button nobody presses
    "MediaRouter",  # cost: looks for televisions in the network
    "NetworkTimeServiceQuerying",  # cost: asks Google for the time
    "OptimizationHints",  # cost: downloads models and hints at start
    "PaintHolding",  # cost: holds the first paint back, and so a screenshot of a failure
    "PreconnectToSearch",  # cost: keeps a connection to the search engine open
    "Translate",  # cost: detects the language of every page
    "WebUIOmniboxAimPopup",  # cost: a page of its own for the address bar that nobody types in
    "WebUIOmniboxPopup",  # cost: another; together 60 % of a start's CPU, a renderer and 160 MB
)

HIDDEN_WINDOW_SWITCHES = (
    # Tabs in the background must run like the one in front (C13): nobody looks at any of them.
    "--disable-background-timer-throttling",  # timers of a hidden page fire once a second or a minute
    "--disable-backgrounding-occluded-windows",  # a window behind another counts as hidden
    "--disable-renderer-backgrounding",  # a hidden page's process gets a lower priority
)

QUIET_SWITCHES = (
    # Nothing that asks a person, and nothing that Chrome does for its own sake.
    "--allow-pre-commit-input",  # a click just after a navigation is not dropped
    "--disable-background-networking",  # cost: updates, safe-browsing lists, trials
    "--disable-breakpad",  # crash reports hold pages and cookies: none are sent
    "--disable-component-extensions-with-background-pages",  # cost: a process for each
    "--disable-component-update",  # cost: downloads after start, in the middle of the run
    "--disable-default-apps",  # cost: installs apps into a new profile
    "--disable-extensions",  # also those that the system adds to every Chrome
    "--disable-field-trial-config",  # a run behaves the same tonight and tomorrow
    "--disable-hang-monitor",  # no "page is not responding" dialog: our watchdog judges that
    "--disable-infobars",  # Chrome for Testing's own bar moves the page under a click
    "--disable-ipc-flooding-protection",  # a page that navigates often is not slowed down
    "--disable-popup-blocking",  # a document that opens in a pop-up must open
    "--disable-prompt-on-repost",  # a reload of a posted form must not ask
    "--disable-search-engine-choice-screen",  # a dialog at first start in some countries
    "--disable-sync",  # no account, no sync
    "--force-color-profile=srgb",  # cost: no colour conversion of what nobody sees
    "--hide-crash-restore-bubble",  # no "restore pages?" after a kill
    "--metrics-recording-only",  # metrics are never sent
    "--no-default-browser-check",  # no dialog
    "--no-first-run",  # no dialog
    "--password-store=basic",  # never asks for the desktop's keyring: that may block the start
    "--use-mock-keychain",  # the same on macOS
)

WIDTH, HEIGHT = 1280, 900
"""Of a page, in CSS pixels: Chrome's own choice, 800 × 600, brings up portals' mobile layouts, and they may
hide the button.
"""

OWNED_SWITCHES = (
    "--user-data-dir",
    "--remote-debugging-port",
    "--remote-debugging-address",
    "--remote-debugging-pipe",
)
"""What the launcher decides alone: with another value it would look after a Chrome that is not ours."""


def crash_folder(profile_dir: Path) -> Path:
    """Where this Chrome's crash reports go: their keeper's command line names it."""
    return profile_dir.resolve() / "crashes"


def profile_switch(profile_dir: Path) -> str:
    """The switch that marks every process of one Chrome: launching and sweeping must spell it alike."""
    return f"--user-data-dir={profile_dir.resolve()}"


def chrome_switches(
    profile_dir: Path,
    *,
    headless: bool,
    images: bool,
    fonts: bool = True,
    blocked_hosts: Sequence[str] = (),
    renderer_limit: int,
    sandbox: bool,
    dies_with_us: bool,
    extra_switches: Iterable[str] = (),
) -> list[str]:
    """All that follows the program's name. Raises ValueError for an extra switch that is ours alone.

    ``dies_with_us``: fd 3 is a pipe whose other end only we hold; Chrome closes when it ends.
    """
    extra = list(extra_switches)
    for switch in extra:
        if switch.split("=", 1)[0] in OWNED_SWITCHES:
            raise ValueError(f"the switch {switch} is the launcher's own: remove it from the extra switches")
    switches = [*HIDDEN_WINDOW_SWITCHES, *QUIET_SWITCHES]
    switches.append(f"--renderer-process-limit={renderer_limit}")  # above N tabs: each its own renderer (C19)
    if headless:
        switches.append(
            "--headless=new"
        )  # the same Chrome without a window; the old mode was another browser
        switches.append("--hide-scrollbars")  # not in screenshots
        switches.append("--mute-audio")  # headless Chrome plays sound
        switches.append(f"--screen-info={{{WIDTH}x{HEIGHT}}}")  # the screen that its windows fill
        switches.append(f"--ozone-override-screen-size={WIDTH},{HEIGHT}")  # the same before Chrome 138
    else:
        switches.append(f"--window-size={WIDTH},{HEIGHT}")
    if not images:
        switches.append(
            "--blink-settings=imagesEnabled=false"
        )  # no request, no decoding, no round trip to us (C8)
    if not fonts:
        switches.append(
            "--blink-settings=downloadableBinaryFontsEnabled=false"
        )  # the same for the fonts of style sheets, whatever their address
    if blocked_hosts:
        rules = [f"MAP {name} ~NOTFOUND" for host in blocked_hosts for name in (host, f"*.{host}")]
        switches.append(
            f"--host-rules={', '.join(rules)}"
        )  # also frames, workers and pop-ups; --host-resolver-rules would not count behind a proxy
    if not sandbox:
        switches.append("--no-sandbox")  # only where Chrome cannot start otherwise: the launcher warns
    if dies_with_us:
        switches.append("--remote-debugging-pipe")  # closes Chrome when we are killed: nobody else would
    switches.append("--remote-debugging-port=0")  # a free one, on 127.0.0.1, never on another interface (C20)
    switches.append(profile_switch(profile_dir))  # never the default one: Chrome ignores the port there (C15)
    disabled = f"--disable-features={','.join(DISABLED_FEATURES)}"
    return [*_merged([*switches, disabled, *extra]), "about:blank"]


def _merged(switches: Sequence[str]) -> list[str]:
    """Of a list-valued switch Chrome obeys the last only: join them, so that an extra one adds to ours."""
    merged: dict[str, str] = {}
    for switch in switches:
        name, has_value, value = switch.partition("=")
        if name in ("--disable-features", "--enable-features", "--blink-settings") and name in merged:
            merged[name] = f"{merged[name]},{value}"
        else:
            merged[name] = f"{name}={value}" if has_value else name
    return list(merged.values())
