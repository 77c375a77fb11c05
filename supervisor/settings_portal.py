"""The section [portal]: the portal, its demo, and the form adapter's keys, which have a file per purpose."""

import dataclasses
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from supervisor.settings_addresses import DEMO_URL, PortalUrl
from supervisor.settings_demo_faults import DemoFaults
from supervisor.settings_portal_document import DocumentKeys
from supervisor.settings_portal_inventory import InventoryKeys
from supervisor.settings_portal_sign_in import SignInKeys
from supervisor.settings_portal_types import AdapterName
from supervisor.settings_sections import Contradiction, Section
from tabworker.adapters.form_settings import FormSettings

__all__ = ["DEMO_URL", "PortalSettings"]


class _PortalKeys(Section):
    """What is asked of every portal, and of the demo alone."""

    adapter: AdapterName = Field(
        "form",
        description="What knows the portal: form (the keys below, no code) or module:Class of your own.",
    )
    url: PortalUrl = Field(
        DEMO_URL, description="Address of the portal; demo starts the demo portal on this machine."
    )
    demo_records: int = Field(40, ge=0, le=100_000, description="Demo: records in its inventory.")
    demo_seed: int = Field(7, description="Demo: the same seed gives the same records and the same faults.")
    demo_latency_s: float = Field(0.3, ge=0, description="Demo: seconds it takes to make one document.")
    demo_delivery: Literal["mixed", "attachment", "inline", "new-tab", "post", "blob", "print"] = Field(
        "mixed", description="Demo: the way it hands documents out."
    )
    demo_faults: DemoFaults = Field(
        "",
        description="Demo: misbehaviours and shares, hang=0.02,error=0.05; docs/reference/demo-portal.md.",
    )


class PortalSettings(DocumentKeys, InventoryKeys, SignInKeys, _PortalKeys):
    """One portal. Keys from sign_in_url on are read by the form adapter only."""

    # Pydantic takes the keys of the last class first, and settings.ini shows them in that order.

    @property
    def is_demo(self) -> bool:
        return self.url == DEMO_URL

    @property
    def by_hand(self) -> bool:
        """Whether a person signs in."""
        return self.sign_in == "manual"

    @property
    def needs_account(self) -> bool:
        """Whether Tabcrew signs in, with a name and a password. An adapter of one's own may know no page."""
        return self.sign_in == "form" and (bool(self.sign_in_url) or self.adapter != "form")

    @property
    def downloads(self) -> bool:
        """Whether anything may come as a download; an adapter of one's own does not say."""
        by_click = self.capture in ("click", "download") or self.inventory == "csv_export"
        return by_click or self.adapter != "form"

    @property
    def host(self) -> str:
        """The portal's host and port, for people and for the keyring; ``demo`` for the demo portal."""
        return DEMO_URL if self.is_demo else urlsplit(self.url).netloc

    def form(self, base_url: str) -> FormSettings:
        """These settings for the form adapter, with the address at which the portal really listens."""
        names = [
            field.name for field in dataclasses.fields(FormSettings) if field.name in type(self).model_fields
        ]
        values: dict[str, Any] = {name: getattr(self, name) for name in names}
        return FormSettings(**values | {"url": base_url})

    def contradictions(self) -> Iterator[Contradiction]:
        yield from self._by_hand_contradictions()
        if self.adapter == "form":
            yield from super().contradictions()

    def _by_hand_contradictions(self) -> Iterator[Contradiction]:
        if not self.by_hand:
            return
        if not self.signed_in_selector and not self.signed_in_url:
            yield Contradiction(
                "signed_in_selector",
                "must not be empty with sign_in = manual unless signed_in_url is set: one of them shows that "
                "you have signed in",
            )
        if not (self.sign_in_url or self.inventory_url):
            yield Contradiction(
                "sign_in_url", "must not be empty with sign_in = manual unless inventory_url leads there"
            )
