"""What supervisor and worker say: it arrives as it was said, and a report always fits one frame."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabworker.failures import FailureClass
from tabworker.messages import (
    MAX_FRAME_BYTES,
    Attach,
    Attached,
    Credentials,
    DocumentFetched,
    Duty,
    DutyFailed,
    FetchDocument,
    ListRecords,
    Record,
    RecordsListed,
    Report,
    SessionProven,
    SignIn,
    decode_duty,
    decode_report,
    encode_duty,
    encode_report,
    staged_document,
    staged_inventory,
)

SECRET = "hunter2-and-more"
DUTIES: list[Duty] = [
    Attach("ws://127.0.0.1:1/devtools/browser/x", "T1"),
    SignIn(1, Credentials("demo", SECRET), 180.0),
    ListRecords(2, 180.0),
    FetchDocument(3, Record("V-ä", {"Plate": "B-X 1"}), 2, 180.0, "V-ä-attempt-2"),
]
REPORTS: list[Report] = [
    Attached(0.4),
    SessionProven(1, signed_in_now=True),
    RecordsListed(2, 2000),
    DocumentFetched(3, "ab" * 32, 123_456, 7, 1.5, warning="no reference in it"),
    DutyFailed(4, FailureClass.THROTTLE, "429", "open record", 30.0, ["a.png", "a.html"], "crashed"),
    DutyFailed(5, FailureClass.TRANSIENT, "took too long", ""),
]


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: type(duty).__name__)
def test_duty_arrives_as_it_was_given_when_it_was_encoded(duty: Duty) -> None:
    assert decode_duty(encode_duty(duty)) == duty


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_report_arrives_as_it_was_made_when_it_fits(report: Report) -> None:
    assert decode_report(encode_report(report)) == report


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"hello", encode_duty(DUTIES[2])[:-3], encode_report(REPORTS[0]), b"\x80"],
    ids=["empty", "reserved byte", "text", "cut", "a report", "no tag"],
)
def test_duty_is_refused_when_the_bytes_are_none(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_duty(data)


def test_report_is_refused_when_the_bytes_are_a_duty() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_report(encode_duty(DUTIES[2]))


@pytest.mark.parametrize("shown", [repr, str, "{0}".format], ids=["repr", "str", "format"])
def test_password_is_not_shown_when_credentials_or_their_duty_are(shown: object) -> None:
    assert callable(shown)
    for thing in (Credentials("demo", SECRET), SignIn(1, Credentials("demo", SECRET), 9.0)):
        assert SECRET not in shown(thing)
        assert "demo" in shown(thing)


TEXTS = st.text(max_size=6000) | st.text(alphabet="x\ud800🚗ä", max_size=6000) | st.just("車" * 9000)


@settings(deadline=None, max_examples=100)
@given(reason=TEXTS, step=TEXTS, unfit=TEXTS, evidence=st.lists(st.text("ab🚗.", max_size=300), max_size=9))
def test_failure_fits_one_frame_and_keeps_its_class_when_a_page_says_anything(
    reason: str, step: str, unfit: str, evidence: list[str]
) -> None:
    data = encode_report(DutyFailed(2**40, FailureClass.SESSION, reason, step, 30.0, evidence, unfit))
    assert len(data) <= MAX_FRAME_BYTES
    got = decode_report(data)
    assert isinstance(got, DutyFailed)
    assert (got.epoch, got.failure_class, got.retry_after_s) == (2**40, FailureClass.SESSION, 30.0)
    assert bool(got.unfit) is bool(unfit)  # a worker that is unfit must not look fit
    assert set(got.evidence) <= set(evidence)
    assert got.reason[:300] == reason[:300].encode("utf-8", "replace").decode()


def test_long_reason_ends_in_an_ellipsis_when_it_was_cut() -> None:
    got = decode_report(encode_report(DutyFailed(1, FailureClass.TRANSIENT, "ä" * 5000, "s")))
    assert isinstance(got, DutyFailed)
    assert got.reason.endswith("ä…")
    assert 1900 < len(got.reason.encode()) <= 2000


def test_warning_is_cut_when_a_document_comes_with_a_long_one() -> None:
    report = DocumentFetched(1, "ab" * 32, 1, 1, 1.0, warning="w\udfff" * 5000)
    got = decode_report(encode_report(report))
    assert isinstance(got, DocumentFetched)
    assert got.sha256 == report.sha256
    assert 0 < len(got.warning) <= 2000


def test_report_is_refused_when_what_must_not_be_cut_does_not_fit() -> None:
    with pytest.raises(ValueError, match="exceeds the frame limit of 4092"):
        encode_report(DocumentFetched(1, "ab" * 4000, 1, 1, 1.0))


def test_staged_names_differ_when_epochs_differ(tmp_path: Path) -> None:
    staged = [staged_document(tmp_path, epoch) for epoch in (1, 2, 11)]
    staged += [staged_inventory(tmp_path, epoch) for epoch in (1, 2, 11)]
    assert len(set(staged)) == 6
    assert {path.parent for path in staged} == {tmp_path}
