"""Which CDP commands a worker may send to the shared Chrome: one table, every refusal with its reason.

A command that no table names is relayed untouched. What is refused would reach beyond the worker's own tab:
the other tabs, the one session, or the browser itself.
"""

OTHERS_TABS = "it would reach the tabs of the other workers"
THE_SESSION = "it would damage the one session that all tabs share"
THE_BROWSER = "the browser belongs to the supervisor"

REFUSED: dict[str, str] = {
    "Browser.crash": THE_BROWSER,
    "Browser.crashGpuProcess": THE_BROWSER,
    "Browser.executeBrowserCommand": THE_BROWSER,
    "Browser.grantPermissions": THE_SESSION,
    "Browser.resetPermissions": THE_SESSION,
    "Browser.setPermission": THE_SESSION,
    "Extensions.clearStorageItems": THE_BROWSER,
    "Extensions.loadUnpacked": THE_BROWSER,
    "Extensions.uninstall": THE_BROWSER,
    "Network.clearBrowserCache": OTHERS_TABS,
    "Network.clearBrowserCookies": THE_SESSION,
    "Storage.clearCookies": THE_SESSION,
    "Storage.clearDataForOrigin": THE_SESSION,
    "Storage.clearDataForStorageKey": THE_SESSION,
    "Target.autoAttachRelated": OTHERS_TABS,
    "Target.createBrowserContext": "the run has one session, and a second context would not be signed in",
    "Target.disposeBrowserContext": THE_SESSION,
    "Target.exposeDevToolsProtocol": "a page must never reach the browser's debugging port",
    "Target.openDevTools": THE_BROWSER,
    "Target.sendMessageToTarget": OTHERS_TABS,
    "Target.setRemoteLocations": THE_BROWSER,
    "Tracing.end": THE_BROWSER,
    "Tracing.start": "tracing covers the whole browser, every tab in it",
}
"""Refused whichever session it is sent on."""

REFUSED_WITHOUT_A_TAB: dict[str, str] = {
    "Fetch.enable": OTHERS_TABS,
    "Security.setIgnoreCertificateErrors": OTHERS_TABS,
}
"""Allowed on the session of an own tab, refused on the browser's: there they reach every tab."""

SWALLOWED = frozenset(
    {
        # Playwright closes "its" browser when it lets go; it shall let go, and Chrome shall stay.
        "Browser.close",
        # Browser-wide, and whoever set it resets it for all when it dies: the supervisor alone sets it
        # (HAZARDS C4, C5).
        "Browser.setDownloadBehavior",
        "Page.setDownloadBehavior",
        # The endpoint does the discovering, and only while a pop-up is on its way.
        "Target.setDiscoverTargets",
    }
)
"""Answered with an empty result and not forwarded: the client expects them to work."""

OWN_TARGETS_ONLY = frozenset(
    {
        "Target.activateTarget",
        "Target.attachToTarget",
        "Target.closeTarget",
        "Target.getDevToolsTarget",
        "Target.getTargetInfo",
    }
)
"""Relayed when their ``targetId`` is the worker's own tab or one of its pop-ups."""

REWRITTEN = frozenset(
    {
        "Network.enable",
        "Target.attachToBrowserTarget",
        "Target.createTarget",
        "Target.getTargets",
        "Target.setAutoAttach",
    }
)
"""Relayed in another form, with their answer read, or with a command of ours behind them (endpoint_view)."""

LOOKED_AT = frozenset(REFUSED) | frozenset(REFUSED_WITHOUT_A_TAB) | SWALLOWED | OWN_TARGETS_ONLY | REWRITTEN
"""Every method that must be parsed; all others pass without a look at their parameters."""

_LOOKED_AT_BYTES = frozenset(method.encode() for method in LOOKED_AT)
_METHOD_KEY = b'"method":"'
_HEAD_BYTES = 64
"""Playwright writes ``id`` and then ``method``: the name begins well within the head."""


def command_needs_a_look(message: bytes) -> bool:
    """Whether a client's message names a method of LOOKED_AT; True as well when its head names none."""
    start = message.find(_METHOD_KEY, 0, _HEAD_BYTES)
    if start < 0:
        return True
    start += len(_METHOD_KEY)
    return message[start : message.find(b'"', start)] in _LOOKED_AT_BYTES
