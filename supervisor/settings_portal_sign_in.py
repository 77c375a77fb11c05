"""The keys of [portal] by which the form adapter signs in and proves the session."""

from collections.abc import Iterator

from pydantic import Field

from supervisor.settings_addresses import PageAddress
from supervisor.settings_sections import Contradiction, Section
from supervisor.settings_selectors import Selector, Selectors
from tabworker.adapters.form_settings import SignInWay


class SignInKeys(Section):
    """Part of PortalSettings."""

    sign_in: SignInWay = Field(
        "form",
        description="Who signs in: form = Tabcrew with your account, manual = you in a visible Chrome, none.",
    )
    manual_sign_in_timeout_s: float = Field(
        0, ge=0, description="Seconds that sign_in = manual waits for you each time; 0 = for ever."
    )
    sign_in_url: PageAddress = Field(
        "/login",
        description="Page to sign in on; empty = none is needed, or with manual: inventory_url leads there.",
    )
    username_selector: Selector = Field("input[name=username]", description="Field for the user name.")
    sign_in_next_selector: Selector = Field(
        "",
        description="Button that sends the user name where the password is asked for in a second step; "
        "empty = sign_in_button_selector does both.",
    )
    password_selector: Selector = Field("input[type=password]", description="Field for the password.")
    sign_in_button_selector: Selector = Field(
        "button[type=submit]", description="Button that sends the sign-in form."
    )
    totp_selector: Selector = Field(
        "", description="Field for the code of an authenticator app (TOTP); empty = the account has none."
    )
    sign_in_error_selector: Selector = Field(
        "[role=alert]", description="Where the portal says that it refused a sign-in."
    )
    signed_in_selector: Selector = Field(
        "", description="Something that only signed-in pages have: the proof of the session."
    )
    signed_in_url: PageAddress = Field(
        "",
        description="Address that only signed-in pages have, * for any part of it: a proof as well, "
        "and the only one when signed_in_selector is empty.",
    )
    end_other_session_selector: Selector = Field(
        "", description="Button that ends the account's other session; empty = stop and say so."
    )
    consent_selectors: Selectors = Field(
        (), description="What to click, in this order, when a licence or cookie page shows at the sign-in."
    )

    def contradictions(self) -> Iterator[Contradiction]:
        yield from super().contradictions()
        if self.sign_in != "form" or not self.sign_in_url:
            return
        for key in ("username_selector", "password_selector", "sign_in_button_selector"):
            if not getattr(self, key):
                yield Contradiction(
                    key, "must not be empty while sign_in_url is set: the form adapter needs it to sign in"
                )
        if not self.signed_in_selector and not self.signed_in_url:
            yield Contradiction(
                "signed_in_selector",
                "must not be empty while sign_in_url is set and signed_in_url is not: "
                "the session must be proven",
            )
