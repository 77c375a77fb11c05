"""Duties in their order, and what each report means for tasks, session, gates and the end of the run."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.exit_codes import ExitCode
from supervisor.session import SessionState
from supervisor.snapshot import Counts
from supervisor.task_states import TaskState
from tabworker.failures import FailureClass
from tabworker.messages import (
    Credentials,
    FetchDocument,
    ListRecords,
    OpenPortal,
    PersonAwaited,
    RecordsListed,
    SessionProven,
    SignIn,
)
from tests.support.books import documents_in, fetched
from tests.support.dispatching import Desk, break_documents, open_desk

REFS = tuple(f"V-{number}" for number in range(1, 11))


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Desk]:
    """Nothing is known yet: the portal was never seen."""
    with open_desk(tmp_path) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ten records, signed in."""
    with open_desk(tmp_path, REFS) as opened:
        opened.sign_in()
        yield opened


@pytest.fixture
def last(tmp_path: Path) -> Iterator[Desk]:
    """One record is left, signed in."""
    with open_desk(tmp_path, REFS[:1]) as opened:
        opened.sign_in()
        yield opened


# --- the order of duties --------------------------------------------------------------------------


def test_duties_go_from_sign_in_over_inventory_to_documents_when_all_goes_well(new: Desk) -> None:
    new.sign_in()
    new.lists("A", "B")
    assert not new.dispatcher.over
    for ref in ("A", "B"):
        duty = new.fetch_duty()
        assert (duty.record.ref, duty.attempt, duty.evidence_name) == (ref, 1, f"{ref}-attempt-1")
        assert str(new.assignment) == f"{ref}, attempt 1"
        new.delivers(duty)
    assert new.duty() is None
    assert new.dispatcher.over
    assert new.exit_code is None
    assert new.book.counts == Counts(accepted=2, done=2)
    assert documents_in(new.work_dir.root).keys() == {"A.pdf", "B.pdf"}


def test_nobody_else_gets_a_duty_when_one_worker_signs_in(new: Desk) -> None:
    new.sign_in_duty()
    assert [new.duty(slot) for slot in (2, 3)] == [None, None]


def test_nobody_else_gets_a_duty_when_one_worker_lists(new: Desk) -> None:
    new.sign_in()
    new.list_duty()
    assert new.duty(2) is None


def test_inventory_is_not_listed_when_an_earlier_run_did(desk: Desk) -> None:
    assert isinstance(desk.duty(), FetchDocument)


def test_run_is_not_over_when_the_inventory_is_unknown(new: Desk) -> None:
    assert not new.dispatcher.over


def test_run_stops_and_accepts_nothing_when_the_inventory_is_empty(new: Desk) -> None:
    new.sign_in()
    new.lists()
    assert new.dispatcher.halt is not None
    assert new.dispatcher.halt.code is ExitCode.USAGE
    assert not new.dispatcher.inventory_known


# --- the inventory --------------------------------------------------------------------------------


def test_only_chosen_records_are_fetched_when_a_new_inventory_has_them(tmp_path: Path) -> None:
    with open_desk(tmp_path, only=("C", "A")) as desk:
        desk.sign_in()
        desk.lists("A", "B", "C")
        assert [desk.fetch_duty().record.ref for _ in range(2)] == ["A", "C"]
        assert desk.duty() is None
        assert desk.book.counts.accepted == 3


def test_first_records_are_fetched_when_the_run_is_limited(tmp_path: Path) -> None:
    with open_desk(tmp_path, limit=2) as desk:
        desk.sign_in()
        desk.lists("A", "B", "C")
        assert [desk.fetch_duty().record.ref for _ in range(2)] == ["A", "B"]
        assert desk.duty() is None


def test_run_stops_as_misused_when_only_names_an_unknown_record(tmp_path: Path) -> None:
    with open_desk(tmp_path, only=("A", "Z")) as desk:
        desk.sign_in()
        desk.lists("A", "B")
        assert desk.exit_code is ExitCode.USAGE
        assert desk.halt_message == "--only names records that the inventory does not have: Z"


def test_run_stops_over_the_disk_when_the_inventory_file_is_short(new: Desk) -> None:
    new.sign_in()
    new.lists("A", "B", count=3)
    assert new.exit_code is ExitCode.DISK
    assert "should hold 3 records, 2 are there" in new.halt_message
    assert new.book.counts.accepted == 0


def test_inventory_is_refused_when_it_comes_late(new: Desk) -> None:
    new.sign_in()
    lost = new.list_duty()
    new.dispatcher.lost(new.assignment, FailureClass.WORKER, "worker 1 was killed", "list", new.now)
    new.dispatcher.reported(RecordsListed(lost.epoch, 5), new.now)
    assert not new.dispatcher.inventory_known
    new.now += 60.0
    assert new.list_duty().epoch > lost.epoch


@pytest.mark.parametrize("failure", [FailureClass.MISFIT, FailureClass.PERMANENT])
def test_run_stops_as_misused_when_the_adapter_does_not_fit_the_inventory(
    new: Desk, failure: FailureClass
) -> None:
    new.sign_in()
    new.fails(new.list_duty(), failure, "no column 'Reference'")
    assert new.exit_code is ExitCode.USAGE
    assert new.halt_message == "cannot list the inventory: no column 'Reference'"


def test_inventory_is_listed_anew_when_the_session_was_lost_over_it(new: Desk) -> None:
    new.sign_in()
    new.fails(new.list_duty(), FailureClass.SESSION)
    new.sign_in()
    assert isinstance(new.duty(), ListRecords)
    assert new.exit_code is None


def test_run_stops_when_the_session_is_lost_over_the_inventory_again_and_again(new: Desk) -> None:
    for _ in range(3):
        assert new.exit_code is None
        new.sign_in()
        new.fails(new.list_duty(), FailureClass.SESSION)
    assert new.exit_code is ExitCode.SIGN_IN_REFUSED
    assert "somebody else seems to use this account" in new.halt_message


# --- the sign-in ----------------------------------------------------------------------------------


def test_session_is_good_without_a_sign_in_when_it_still_was(new: Desk) -> None:
    new.dispatcher.reported(SessionProven(new.sign_in_duty().epoch, signed_in_now=False), new.now)
    assert new.dispatcher.session.state is SessionState.GOOD
    assert new.dispatcher.session.sign_ins == 0


def test_proof_changes_nothing_when_it_comes_late(new: Desk) -> None:
    lost = new.sign_in_duty()
    new.dispatcher.lost(new.assignment, FailureClass.WORKER, "worker 1 was killed", "sign in", new.now)
    new.dispatcher.reported(SessionProven(lost.epoch, signed_in_now=True), new.now)
    assert new.dispatcher.session.state is SessionState.NEEDED
    assert new.dispatcher.session.number == 0


def test_run_stops_and_never_tries_a_third_time_when_the_sign_in_was_refused_twice(new: Desk) -> None:
    new.fails(new.sign_in_duty(), FailureClass.REFUSED, "wrong password")
    assert new.exit_code is None
    assert new.duty() is None  # not in the same breath
    new.now += 1.0
    new.fails(new.sign_in_duty(), FailureClass.REFUSED, "wrong password")
    assert new.exit_code is ExitCode.SIGN_IN_REFUSED
    assert "the portal refused the sign-in 2 times: wrong password" in new.halt_message
    assert "TABCREW_PASSWORD" in new.halt_message
    assert "hunter2" not in new.halt_message
    new.now += 10_000.0
    new.dispatcher.session.suspect()  # not even when Chrome is restarted
    assert new.duty() is None


def test_run_stops_at_once_when_another_session_is_active(new: Desk) -> None:
    new.fails(new.sign_in_duty(), FailureClass.CONFLICT, "signed in elsewhere")
    assert new.exit_code is ExitCode.SIGN_IN_REFUSED
    assert "signed in elsewhere" in new.halt_message
    new.now += 10_000.0
    assert new.duty() is None


@pytest.mark.parametrize("failure", [FailureClass.MISFIT, FailureClass.PERMANENT])
def test_run_stops_as_misused_when_the_adapter_does_not_fit_the_sign_in(
    new: Desk, failure: FailureClass
) -> None:
    new.fails(new.sign_in_duty(), failure, "no field for the password")
    assert new.exit_code is ExitCode.USAGE
    assert new.halt_message == "cannot sign in: no field for the password"


@pytest.mark.parametrize("failure", [FailureClass.TRANSIENT, FailureClass.WORKER, FailureClass.SESSION])
def test_run_stops_as_portal_down_when_three_sign_ins_found_no_portal(
    new: Desk, failure: FailureClass
) -> None:
    for pause_s in (1.0, 2.0):
        new.fails(new.sign_in_duty(), failure, "connection refused")
        assert new.exit_code is None
        new.now += pause_s - 0.001
        assert new.duty() is None
        new.now += 0.001
    new.fails(new.sign_in_duty(), failure, "connection refused")
    assert new.exit_code is ExitCode.PORTAL_DOWN
    assert new.halt_message == "cannot sign in after 3 tries: connection refused"


def test_run_stops_as_portal_down_when_three_listings_failed(new: Desk) -> None:
    new.sign_in()
    for _ in range(3):
        new.fails(new.list_duty(), FailureClass.TRANSIENT, "502")
        new.now += 10.0
    assert new.exit_code is ExitCode.PORTAL_DOWN
    assert new.halt_message == "cannot list the inventory after 3 tries: 502"


@pytest.mark.parametrize(("asked_s", "waits_s"), [(60.0, 60.0), (0.1, 1.0), (-5.0, 1.0), (86_400.0, 600.0)])
def test_sign_in_waits_as_long_as_asked_when_the_portal_throttles_it(
    new: Desk, asked_s: float, waits_s: float
) -> None:
    new.fails(new.sign_in_duty(), FailureClass.THROTTLE, "429", retry_after_s=asked_s)
    new.now += waits_s - 0.01
    assert new.duty() is None
    new.now += 0.01
    assert isinstance(new.duty(), SignIn)


def test_tries_are_not_counted_when_chrome_died_under_the_sign_in(new: Desk) -> None:
    for _ in range(10):
        new.sign_in_duty()
        new.dispatcher.lost(new.assignment, FailureClass.OURS, "Chrome died", "sign in", new.now)
    assert new.exit_code is None
    assert isinstance(new.duty(), SignIn)


def test_run_is_patient_when_the_portal_goes_after_documents_came(desk: Desk) -> None:
    desk.delivers(desk.fetch_duty())
    desk.fails(desk.fetch_duty(), FailureClass.SESSION)
    began_at = desk.now
    while desk.exit_code is None:
        assert desk.now - began_at <= 700.0
        desk.fails(desk.sign_in_duty(), FailureClass.TRANSIENT, "connection refused")
        desk.now += 30.0
    assert desk.exit_code is ExitCode.PORTAL_DOWN
    assert desk.now - began_at > 600.0  # [pacing] portal_down_give_up_s


# --- the session is lost --------------------------------------------------------------------------


def test_one_sign_in_is_made_when_many_workers_report_the_loss(desk: Desk) -> None:
    duties = [desk.fetch_duty(slot) for slot in range(1, 6)]
    desk.fails(duties[0], FailureClass.SESSION, "signed out")
    assert isinstance(desk.duty(1), SignIn)
    for duty in duties[1:]:
        desk.fails(duty, FailureClass.SESSION, "signed out")
        assert desk.duty() is None
    assert desk.said("dispatch is frozen") == 1
    assert desk.book.counts == Counts(accepted=10, pending=10)
    assert {desk.ledger.task(duty.record.ref).charged for duty in duties} == {0}


def test_loss_is_old_news_when_it_is_told_after_the_next_sign_in(desk: Desk) -> None:
    early, slow, slower = (desk.fetch_duty(slot) for slot in (1, 2, 3))
    desk.fails(early, FailureClass.SESSION)
    desk.sign_in()
    desk.fails(slow, FailureClass.SESSION)
    desk.fails(slower, FailureClass.TRANSIENT, "the page took too long")
    assert desk.dispatcher.session.state is SessionState.GOOD
    assert desk.dispatcher.session.sign_ins == 2
    # Its session was replaced under it: what it saw proves nothing against the record.
    assert desk.ledger.task(slower.record.ref).charged == 0
    assert isinstance(desk.duty(), FetchDocument)


@pytest.mark.parametrize("failure", [FailureClass.TRANSIENT, FailureClass.MISFIT])
@pytest.mark.parametrize("signing_in", [False, True])
def test_record_does_not_pay_when_its_session_ended_and_the_next_is_not_proven_yet(
    desk: Desk, failure: FailureClass, signing_in: bool
) -> None:
    early, slow = desk.fetch_duty(1), desk.fetch_duty(2)
    desk.fails(early, FailureClass.SESSION)
    if signing_in:
        desk.sign_in_duty()
    desk.fails(slow, failure, "the click led to no document")
    assert desk.ledger.task(slow.record.ref).charged == 0
    assert desk.book.counts == Counts(accepted=10, pending=10)


def test_document_counts_when_it_comes_while_the_session_is_lost(desk: Desk) -> None:
    early, slow = desk.fetch_duty(1), desk.fetch_duty(2)
    desk.fails(early, FailureClass.SESSION)
    desk.delivers(slow)
    assert desk.book.counts.done == 1


def test_run_stops_when_sessions_end_without_a_document_in_between(desk: Desk) -> None:
    for _ in range(2):
        desk.fails(desk.fetch_duty(), FailureClass.SESSION, "signed in elsewhere")
        assert desk.exit_code is None
        desk.sign_in()
    desk.fails(desk.fetch_duty(), FailureClass.SESSION, "signed in elsewhere")
    assert desk.exit_code is ExitCode.SIGN_IN_REFUSED
    assert "somebody else seems to use this account" in desk.halt_message


def test_run_goes_on_when_each_session_delivers_before_it_ends(desk: Desk) -> None:
    for _ in range(6):
        desk.delivers(desk.fetch_duty())
        desk.fails(desk.fetch_duty(), FailureClass.SESSION, "timed out for idleness")
        assert desk.exit_code is None
        desk.sign_in()
    assert desk.book.counts.done == 6


@pytest.mark.parametrize("failure", [FailureClass.REFUSED, FailureClass.CONFLICT])
def test_refusal_is_a_lost_session_when_it_meets_a_document(desk: Desk, failure: FailureClass) -> None:
    desk.fails(desk.fetch_duty(), failure)
    assert desk.exit_code is None
    assert isinstance(desk.duty(), SignIn)


# --- throttle and circuit -------------------------------------------------------------------------


def test_gate_closes_once_for_all_when_many_workers_are_throttled(desk: Desk) -> None:
    duties = [desk.fetch_duty(slot) for slot in range(1, 5)]
    desk.now += 1.0
    desk.fails(duties[0], FailureClass.THROTTLE, "429", retry_after_s=20.0)
    for duty in duties[1:]:
        desk.now += 1.0
        desk.fails(duty, FailureClass.THROTTLE, "429", retry_after_s=20.0)
    assert desk.said("the portal asks to slow down") == 1
    assert desk.duty() is None
    assert desk.dispatcher.holding == "the portal asks to slow down: waiting 17 s"
    desk.now += 17.0
    assert isinstance(desk.duty(), FetchDocument)
    assert desk.dispatcher.holding == ""
    assert {desk.ledger.task(duty.record.ref).charged for duty in duties} == {0}


def trip_circuit(desk: Desk, failure: FailureClass = FailureClass.TRANSIENT) -> None:
    """Three records, given out at once, fail alike."""
    for duty in [desk.fetch_duty(slot) for slot in (1, 2, 3)]:
        desk.fails(duty, failure, "502 Bad Gateway")


def test_one_probe_at_a_time_is_sent_when_records_in_a_row_fail_alike(desk: Desk) -> None:
    desk.delivers(desk.fetch_duty())
    trip_circuit(desk)
    assert desk.said("3 different records in a row failed alike") == 1
    assert desk.exit_code is None
    assert desk.duty() is None
    assert "next probe in 30 s" in desk.dispatcher.holding
    desk.now += 30.0
    desk.opens(desk.look_duty())
    probe = desk.fetch_duty(1)
    assert desk.duty(2) is None
    assert "one task is probing it" in desk.dispatcher.holding
    desk.delivers(probe)
    assert desk.said("the portal is back") == 1
    assert all(isinstance(desk.duty(slot), FetchDocument) for slot in (1, 2, 3))


def test_next_probe_waits_when_the_last_one_lost_its_worker(desk: Desk) -> None:
    desk.delivers(desk.fetch_duty())
    trip_circuit(desk)
    desk.now += 30.0
    desk.look_duty()
    desk.dispatcher.lost(desk.assignment, FailureClass.WORKER, "worker 1 was killed", "open", desk.now)
    assert desk.duty() is None
    desk.now += 30.0
    desk.opens(desk.look_duty())
    desk.fetch_duty()
    desk.dispatcher.lost(desk.assignment, FailureClass.WORKER, "worker 1 was killed", "open", desk.now)
    assert desk.duty() is None
    desk.now += 30.0
    assert isinstance(desk.duty(), FetchDocument)


def test_no_record_pays_when_the_portal_is_down_for_long(desk: Desk) -> None:
    desk.delivers(desk.fetch_duty())
    trip_circuit(desk)
    for number in range(10):
        desk.now += 30.0
        look = desk.look_duty(1)
        assert desk.duty(2) is None
        if number % 2:
            desk.fails(look, FailureClass.TRANSIENT, "connection refused")
        else:
            desk.opens(look, status=(503, 429)[number // 2 % 2])
        assert desk.duty(1) is None
    assert max(desk.ledger.task(ref).charged for ref in REFS) == 1
    desk.now += 30.0
    desk.opens(desk.look_duty(), status=404)
    desk.delivers(desk.fetch_duty())
    assert desk.said("the portal is back") == 1


def test_last_record_pays_once_when_the_portal_goes_down_under_it(last: Desk) -> None:
    last.fails(last.fetch_duty(), FailureClass.TRANSIENT, "connection refused")
    last.now += 10.0
    look = last.look_duty(1)
    assert last.duty(2) is None
    assert "looking whether the portal answers" in last.dispatcher.holding
    last.opens(look, status=502)
    assert last.said("neither is a look at the portal (it answered 502): the portal seems down") == 1
    assert last.duty() is None
    last.now += 30.0
    last.opens(last.look_duty())
    assert last.ledger.task(REFS[0]).charged == 1
    last.delivers(last.fetch_duty())
    assert last.said("the portal is back") == 1


def test_last_record_is_tried_again_and_pays_when_the_portal_answers_a_look(last: Desk) -> None:
    last.fails(last.fetch_duty(), FailureClass.TRANSIENT, "502 Bad Gateway")
    for charged in (2, 3):
        last.now += 10.0
        last.opens(last.look_duty())
        last.fails(last.fetch_duty(), FailureClass.TRANSIENT, "502 Bad Gateway")
        assert last.ledger.task(REFS[0]).charged == charged
    assert last.dispatcher.over
    assert last.said("the portal seems down") == 0


def test_last_record_is_tried_again_when_a_look_lost_its_worker(last: Desk) -> None:
    last.fails(last.fetch_duty(), FailureClass.TRANSIENT, "502 Bad Gateway")
    last.now += 10.0
    last.look_duty()
    last.dispatcher.lost(last.assignment, FailureClass.WORKER, "worker 1 was killed", "open", last.now)
    assert last.fetch_duty().attempt == 2


def test_fresh_records_are_not_held_up_by_one_that_failed(desk: Desk) -> None:
    desk.fails(desk.fetch_duty(), FailureClass.TRANSIENT, "502 Bad Gateway")
    desk.now += 10.0
    assert desk.fetch_duty().attempt == 1


def test_records_are_tried_and_pay_when_the_portal_answers_and_they_do_not_come(desk: Desk) -> None:
    trip_circuit(desk)
    desk.now += 30.0
    desk.opens(desk.look_duty())
    probe = desk.fetch_duty()
    desk.fails(probe, FailureClass.TRANSIENT, "502 Bad Gateway")
    assert desk.ledger.task(probe.record.ref).charged == 1
    desk.now += 30.0
    desk.look_duty()


def test_run_stops_over_the_disk_when_a_look_at_the_portal_cannot_be_kept(desk: Desk) -> None:
    trip_circuit(desk)
    desk.now += 30.0
    desk.fails(desk.look_duty(), FailureClass.STORAGE, "no space left")
    assert desk.exit_code is ExitCode.DISK


def test_next_probe_is_sent_when_the_last_one_lost_its_session(desk: Desk) -> None:
    desk.delivers(desk.fetch_duty())
    trip_circuit(desk)
    desk.now += 30.0
    desk.opens(desk.look_duty())
    desk.fails(desk.fetch_duty(), FailureClass.SESSION)
    desk.sign_in()
    desk.now += 30.0
    assert isinstance(desk.duty(), FetchDocument)


def test_run_stops_as_portal_down_when_the_circuit_stays_open_too_long(desk: Desk) -> None:
    trip_circuit(desk)
    for _ in range(40):
        desk.now += 30.0
        duty = desk.duty()
        if not isinstance(duty, OpenPortal):
            break
        desk.fails(duty, FailureClass.TRANSIENT, "502 Bad Gateway")
        assert desk.duty() is None
        if desk.exit_code is not None:
            break
    assert desk.exit_code is ExitCode.PORTAL_DOWN
    assert desk.now == 1000.0 + 600.0
    assert "the portal has been down for 600 s" in desk.halt_message


def test_run_stops_as_misused_when_the_first_records_all_misfit(desk: Desk) -> None:
    trip_circuit(desk, FailureClass.MISFIT)
    assert desk.exit_code is ExitCode.USAGE
    assert "the settings do not fit the portal: 502 Bad Gateway" in desk.halt_message


def test_run_goes_on_when_records_misfit_after_documents_came(desk: Desk) -> None:
    desk.delivers(desk.fetch_duty())
    trip_circuit(desk, FailureClass.MISFIT)
    assert desk.exit_code is None


# --- reports on documents -------------------------------------------------------------------------


def test_late_document_is_refused_and_nothing_changes_when_its_lease_is_gone(desk: Desk) -> None:
    lost = desk.fetch_duty()
    desk.dispatcher.lost(desk.assignment, FailureClass.WORKER, "worker 1 was killed", "open", desk.now)
    again = desk.fetch_duty(2)
    assert (again.record.ref, again.attempt) == (lost.record.ref, 2)
    before = (desk.book.counts, desk.book.leases, documents_in(desk.work_dir.root))
    desk.delivers(lost, b"%PDF late")
    desk.fails(lost, FailureClass.PERMANENT)
    desk.fails(lost, FailureClass.SESSION)
    desk.fails(lost, FailureClass.STORAGE)
    assert (desk.book.counts, desk.book.leases, documents_in(desk.work_dir.root)) == before
    assert desk.dispatcher.session.state is SessionState.GOOD
    assert desk.exit_code is None
    assert desk.said("after its lease was gone") == 4
    desk.delivers(again, b"%PDF in time")
    assert documents_in(desk.work_dir.root) == {"V-1.pdf": b"%PDF in time"}


def test_loss_of_a_worker_changes_nothing_when_its_report_was_read_before(desk: Desk) -> None:
    duty = desk.fetch_duty()
    desk.delivers(duty)
    before = desk.book.counts
    desk.dispatcher.lost(desk.assignment, FailureClass.WORKER, "worker 1 was killed", "verify", desk.now)
    assert desk.book.counts == before
    assert desk.said("after its lease was gone") == 0


def test_task_is_quarantined_when_it_took_three_workers_down(desk: Desk) -> None:
    for _ in range(3):
        assert desk.fetch_duty().record.ref == "V-1"
        desk.dispatcher.lost(desk.assignment, FailureClass.WORKER, "worker 1 was killed", "open", desk.now)
    assert desk.ledger.task("V-1").state is TaskState.QUARANTINED
    assert desk.said("quarantined: it took down 3 workers") == 1
    assert desk.fetch_duty().record.ref == "V-2"


def test_task_fails_with_its_reason_when_the_portal_has_no_document(desk: Desk) -> None:
    desk.fails(desk.fetch_duty(), FailureClass.PERMANENT, "the portal says: no report")
    row = desk.ledger.task("V-1")
    assert (row.state, row.reason) == (TaskState.FAILED, "the portal says: no report")
    assert desk.said("V-1, attempt 1: the portal says: no report; failed for good") == 1


def test_attempt_is_charged_when_the_reported_document_is_not_there(desk: Desk) -> None:
    duty = desk.fetch_duty()
    report = fetched(desk.work_dir.root, duty.epoch)
    (desk.work_dir.staging / f"{duty.epoch}.pdf").unlink()
    desk.dispatcher.reported(report, desk.now)
    assert desk.exit_code is None
    row = desk.ledger.task("V-1")
    assert (row.state, row.charged) == (TaskState.PENDING, 1)


def test_run_stops_over_the_disk_when_it_does_not_take_a_document(desk: Desk) -> None:
    duty = desk.fetch_duty()
    break_documents(desk.work_dir)
    desk.delivers(duty)
    assert desk.exit_code is ExitCode.DISK
    assert "Nothing is lost: mend the disk, then run again." in desk.halt_message
    assert desk.book.counts == Counts(accepted=10, pending=9, leased=1)
    # The end of the run requeues it, free of charge.
    desk.dispatcher.lost(desk.assignment, FailureClass.OURS, "the run ended", "", desk.now)
    assert desk.book.counts == Counts(accepted=10, pending=10)
    assert desk.ledger.task("V-1").charged == 0


@pytest.mark.parametrize("during", ["sign-in", "inventory", "document"])
def test_run_stops_over_the_disk_when_a_worker_cannot_write(tmp_path: Path, during: str) -> None:
    with open_desk(tmp_path, None if during == "inventory" else REFS) as desk:
        if during != "sign-in":
            desk.sign_in()
        duty = desk.duty()
        assert duty is not None
        desk.fails(duty, FailureClass.STORAGE, "no space left on device")
        assert desk.exit_code is ExitCode.DISK
        assert "no space left on device" in desk.halt_message


def test_first_reason_is_told_when_a_second_one_follows(desk: Desk) -> None:
    first, second = desk.fetch_duty(1), desk.fetch_duty(2)
    desk.fails(first, FailureClass.STORAGE, "no space left on device")
    desk.fails(second, FailureClass.STORAGE, "something else")
    assert "no space left on device" in desk.halt_message
    assert desk.said("something else") == 1  # the requeued task tells it, the halt does not


def test_people_hear_of_it_when_two_records_have_the_same_bytes(desk: Desk) -> None:
    for slot in (1, 2):
        desk.delivers(desk.fetch_duty(slot), b"%PDF the error page")
    assert desk.said("V-2 has the very same bytes as V-1: look at both") == 1
    assert desk.book.counts.done == 2


def test_people_hear_of_it_when_a_document_comes_with_a_warning(desk: Desk) -> None:
    desk.delivers(desk.fetch_duty(), warning="the reference is not in it")
    assert desk.said("V-1: the reference is not in it") == 1


def test_record_is_charged_when_it_alone_leads_to_the_sign_in_page_again_and_again(desk: Desk) -> None:
    duty = desk.fetch_duty()
    for _ in range(2):
        desk.fails(duty, FailureClass.SESSION)
        desk.sign_in(signed_in_now=False)
        assert desk.ledger.task(duty.record.ref).charged == 0
        ref = duty.record.ref
        duty = desk.fetch_duty()
        assert duty.record.ref == ref
    desk.fails(duty, FailureClass.SESSION)
    assert desk.ledger.task(duty.record.ref).charged == 1


# --- a person signs in ---


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[Desk]:
    """Nobody has signed in yet; a person has 100 s for it."""
    settings = "[portal]\nsign_in = manual\nmanual_sign_in_timeout_s = 100\n"
    with open_desk(tmp_path, ("V-1", "V-2"), settings=settings) as opened:
        yield opened


def test_person_is_asked_for_until_they_signed_in_when_it_is_theirs_to_do(by_hand: Desk) -> None:
    duty = by_hand.sign_in_duty()
    assert duty.by_hand
    assert duty.timeout_s == 100
    assert by_hand.dispatcher.attention == ""  # the session may still be good
    by_hand.dispatcher.reported(PersonAwaited(duty.epoch, "https://idp.example/"), by_hand.now)
    assert "https://idp.example/" in by_hand.dispatcher.attention
    assert by_hand.duty(2) is None
    by_hand.dispatcher.reported(SessionProven(duty.epoch, signed_in_now=True), by_hand.now)
    assert by_hand.dispatcher.attention == ""
    assert by_hand.dispatcher.session.sign_ins == 1
    by_hand.fetch_duty()


def test_person_has_the_same_time_when_the_worker_that_waits_dies(by_hand: Desk) -> None:
    first = by_hand.sign_in_duty()
    by_hand.now += 60
    by_hand.dispatcher.reported(PersonAwaited(first.epoch, "https://idp.example/"), by_hand.now)
    by_hand.fails(first, FailureClass.WORKER)
    assert by_hand.dispatcher.attention == ""
    by_hand.now += 10
    assert by_hand.sign_in_duty().timeout_s == 30


def test_run_stops_as_refused_when_nobody_signs_in_in_time(by_hand: Desk) -> None:
    by_hand.fails(by_hand.sign_in_duty(), FailureClass.UNATTENDED, "nobody signed in by hand within 100 s")
    assert by_hand.exit_code is ExitCode.SIGN_IN_REFUSED
    assert "manual_sign_in_timeout_s" in by_hand.halt_message


def test_run_stops_as_refused_when_the_time_ended_while_no_worker_waited(by_hand: Desk) -> None:
    by_hand.fails(by_hand.sign_in_duty(), FailureClass.WORKER)
    by_hand.now += 100
    assert by_hand.duty() is None
    assert by_hand.exit_code is ExitCode.SIGN_IN_REFUSED


def test_person_is_not_asked_before_the_documents_under_way_have_ended(by_hand: Desk) -> None:
    by_hand.sign_in()
    first, second = by_hand.fetch_duty(1), by_hand.fetch_duty(2)
    by_hand.fails(first, FailureClass.SESSION)
    assert by_hand.duty() is None
    assert "under way" in by_hand.dispatcher.holding
    by_hand.now += 500
    by_hand.fails(second, FailureClass.SESSION)
    assert by_hand.sign_in_duty().timeout_s == 100  # anew for each session that ended


def test_sign_in_has_no_deadline_when_a_person_may_take_for_ever(tmp_path: Path) -> None:
    with open_desk(tmp_path, ("V-1",), settings="[portal]\nsign_in = manual\n") as desk:
        desk.sign_in_duty()
        assert desk.assignment.deadline_at == math.inf


def test_next_sign_in_knows_when_a_code_was_typed_last(tmp_path: Path) -> None:
    account = Credentials("demo", "hunter2", "JBSWY3DPEHPK3PXP")
    with open_desk(tmp_path, ("V-1",), credentials=account) as desk:
        first = desk.sign_in_duty()
        assert first.credentials.code_used_at == 0.0
        before = time.time()
        desk.fails(first, FailureClass.TRANSIENT)
        desk.now += 5
        assert before <= desk.sign_in_duty().credentials.code_used_at <= time.time()
