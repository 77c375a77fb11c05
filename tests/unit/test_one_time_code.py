"""One-time codes: RFC 6238's own examples, and no code twice, also over a killed run."""

import base64

import pytest

from supervisor.code_use import CodeUse
from tabworker.one_time_code import LEAST_LEFT_S, may_type_from, totp_of

RFC_KEY = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"), [(59, "94287082"), (1111111109, "07081804"), (2000000000, "69279037")]
)
def test_codes_are_those_of_the_standard_when_its_examples_are_computed(at: int, code: str) -> None:
    assert totp_of(f"otpauth://totp/Clinic:me?secret={RFC_KEY}&digits=8&issuer=Clinic").at(at) == code


def test_codes_follow_the_address_when_it_names_hash_and_period() -> None:
    key = base64.b32encode(b"12345678901234567890123456789012").decode()
    address = f"otpauth://totp/me?secret={key}&algorithm=SHA256&digits=8&period=60"
    assert totp_of(address).at(2 * 1111111109) == totp_of(address.replace("=60", "=30")).at(1111111109)
    assert totp_of(address.replace("=60", "=30")).at(1111111109) == "68084774"


def test_secret_is_understood_when_it_is_written_as_portals_show_it() -> None:
    grouped = " ".join(RFC_KEY[at : at + 4] for at in range(0, len(RFC_KEY), 4)).lower()
    assert totp_of(grouped).at(59) == "287082"


@pytest.mark.parametrize(
    "secret", ["no base32!", "otpauth://hotp/a?secret=JBSWY3DP", "otpauth://totp/a", "-"]
)
def test_secret_is_refused_without_being_quoted_when_it_is_none(secret: str) -> None:
    with pytest.raises(ValueError, match="neither a base32") as caught:
        totp_of(secret)
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("now", "used_at", "from_"),
    [
        (1000.0, 0.0, 1000.0),  # never used one: 990 … 1020 has 20 s left
        (1000.0, 989.9, 1000.0),  # used in the period before
        (1000.0, 990.0, 1020.0),  # used in this period
        (1020.0 - LEAST_LEFT_S, 0.0, 1020.0 - LEAST_LEFT_S),  # just enough life
        (1020.0 - LEAST_LEFT_S + 0.01, 0.0, 1020.0),  # too little
        (1000.0, 1005.0, 1020.0),  # the clock was put back
    ],
)
def test_code_waits_for_the_next_period_when_this_one_is_used_or_nearly_over(
    now: float, used_at: float, from_: float
) -> None:
    assert may_type_from(now, used_at, 30) == from_


class Notes(dict[str, str]):
    """Stands in for the ledger's meta table."""

    def get_meta(self, key: str) -> str | None:
        return self.get(key)

    def set_meta(self, key: str, value: str) -> None:
        self[key] = value


def test_code_use_is_remembered_when_another_run_comes() -> None:
    notes = Notes()
    use = CodeUse(notes, wall=lambda: 500.0)
    assert use.last_at == 0.0
    use.begin()
    use.end()
    assert CodeUse(notes, wall=lambda: 900.0).last_at == 500.0


def test_code_counts_as_used_up_to_now_when_a_run_was_killed_over_its_sign_in() -> None:
    notes = Notes()
    CodeUse(notes, wall=lambda: 500.0).begin()
    assert CodeUse(notes, wall=lambda: 900.0).last_at == 900.0
