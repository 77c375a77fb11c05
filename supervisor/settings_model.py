"""All sections together: the Settings that the rest of the program reads."""

from dataclasses import dataclass

from supervisor.settings_portal import PortalSettings
from supervisor.settings_sections import (
    ChromeSettings,
    LoggingSettings,
    PacingSettings,
    RetrySettings,
    RunSettings,
    Section,
    WatchdogSettings,
)


@dataclass(frozen=True)
class Settings:
    """Everything that a person can set, checked."""

    run: RunSettings
    chrome: ChromeSettings
    watchdog: WatchdogSettings
    retry: RetrySettings
    pacing: PacingSettings
    portal: PortalSettings
    logging: LoggingSettings

    @property
    def headless(self) -> bool:
        """Whether Chrome runs without a window: never when a person must sign in."""
        return self.chrome.headless and not self.portal.by_hand


SECTIONS: dict[str, type[Section]] = {
    "run": RunSettings,
    "chrome": ChromeSettings,
    "watchdog": WatchdogSettings,
    "retry": RetrySettings,
    "pacing": PacingSettings,
    "portal": PortalSettings,
    "logging": LoggingSettings,
}
"""In the order in which settings.ini and the reference show them."""
