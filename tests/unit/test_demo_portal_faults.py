"""The fault plan: which request is hit, by seed and by name."""

import pytest

from demo_portal.faults import (
    DOCUMENT_FAULTS,
    NO_FAULTS,
    PAGE_FAULTS,
    FaultKind,
    FaultMix,
    FaultPlan,
    Place,
    decide,
)

REFS = [f"V-{number:04d}" for number in range(1, 2001)]


def hits(mix: FaultMix, seed: int = 7, nth: int = 1) -> dict[str, FaultKind | None]:
    return {ref: decide(mix, seed, ref, nth, DOCUMENT_FAULTS) for ref in REFS}


def test_faults_hit_the_share_of_records_that_was_asked_for() -> None:
    hit = [kind for kind in hits(FaultMix.parse("hang=0.1")).values() if kind]
    assert set(hit) == {FaultKind.HANG}
    assert 150 < len(hit) < 250


def test_faults_are_the_same_when_the_seed_is_the_same() -> None:
    mix = FaultMix.parse("error=0.3,wrong=0.2")
    assert hits(mix, seed=1) == hits(mix, seed=1) != hits(mix, seed=2)


def test_faults_pass_when_the_record_is_asked_for_again() -> None:
    mix = FaultMix.parse("hang=1")
    plan = FaultPlan(mix, seed=7)
    seen = [plan.next(Place.DOCUMENT, "V-0001", DOCUMENT_FAULTS) for _ in range(3)]
    assert seen == [FaultKind.HANG, None, None]


def test_faults_hit_more_requests_when_times_is_raised() -> None:
    plan = FaultPlan(FaultMix.parse("error=1,times=2"), seed=7)
    seen = [plan.next(Place.DOCUMENT, "V-0001", DOCUMENT_FAULTS) for _ in range(3)]
    assert seen == [FaultKind.ERROR, FaultKind.ERROR, None]


def test_fault_stays_when_its_record_is_named() -> None:
    plan = FaultPlan(FaultMix.parse("hang!=V-0002, spin!=V-0003"), seed=7)
    assert {plan.next(Place.DOCUMENT, "V-0002", DOCUMENT_FAULTS) for _ in range(5)} == {FaultKind.HANG}
    assert {plan.next(Place.PAGE, "V-0003", PAGE_FAULTS) for _ in range(5)} == {FaultKind.SPIN}
    assert plan.next(Place.DOCUMENT, "V-0001", DOCUMENT_FAULTS) is None


def test_page_requests_do_not_use_up_a_fault_of_the_document() -> None:
    plan = FaultPlan(FaultMix.parse("hang=1,spin=1"), seed=7)
    assert plan.next(Place.PAGE, "V-0001", PAGE_FAULTS) is FaultKind.SPIN
    assert plan.next(Place.DOCUMENT, "V-0001", DOCUMENT_FAULTS) is FaultKind.HANG


def test_fault_mix_is_empty_when_the_text_is() -> None:
    assert FaultMix.parse(" , ") == NO_FAULTS


def test_fault_mix_reads_its_numbers() -> None:
    mix = FaultMix.parse("slow=0.5,slow_s=9.5,retry_after_s=30")
    assert (mix.slow_s, mix.retry_after_s, mix.times) == (9.5, 30, 1)


@pytest.mark.parametrize(
    "text",
    [
        "hang",
        "hang=",
        "hang=lots",
        "hang=1.5",
        "hang=-1",
        "hang=nan",
        "bang=0.1",
        "hang!=",
        "!=V-1",
        "slow_s=inf",
    ],
)
def test_fault_mix_names_the_part_when_it_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="faults: ") as refused:
        FaultMix.parse(f"error=0.1,{text}")
    assert repr(text) in str(refused.value)
