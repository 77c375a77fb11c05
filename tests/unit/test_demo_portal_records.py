"""The fleet, its documents and its pictures follow from the seed."""

from collections import Counter
from pathlib import Path

import pypdfium2
import pytest

from demo_portal.audit import AuditLog, read_audit, session_mark
from demo_portal.config import PortalConfig
from demo_portal.hostile import HOSTILE_REFS
from demo_portal.photos import PHOTOS, photo_bytes
from demo_portal.report_pdf import printable, report_pdf
from demo_portal.vehicles import ACTIVE, make_vehicles


def pdf_text(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_fleet_is_the_same_when_the_seed_is_the_same() -> None:
    assert make_vehicles(PortalConfig(seed=3)) == make_vehicles(PortalConfig(seed=3))
    assert make_vehicles(PortalConfig(seed=3)) != make_vehicles(PortalConfig(seed=4))


def test_ways_are_spread_evenly_when_delivery_is_mixed() -> None:
    ways = Counter(vehicle.way for vehicle in make_vehicles(PortalConfig(records=100)).values())
    assert ways == dict.fromkeys(["attachment", "inline", "new-tab", "post", "blob"], 20)


def test_way_is_the_same_for_all_when_delivery_names_one() -> None:
    assert {vehicle.way for vehicle in make_vehicles(PortalConfig(delivery="blob")).values()} == {"blob"}


@pytest.mark.parametrize("seed", range(10))
def test_saved_filter_hides_three_in_ten(seed: int) -> None:
    vehicles = make_vehicles(PortalConfig(records=100, seed=seed)).values()
    assert sum(vehicle.status != ACTIVE for vehicle in vehicles) == 30


def test_references_differ_and_come_first_when_they_are_hostile() -> None:
    refs = list(make_vehicles(PortalConfig(records=60, hostile=True)))
    assert refs[: len(HOSTILE_REFS)] == list(HOSTILE_REFS)
    assert len(set(refs)) == 60


def test_report_has_its_own_reference_and_pages_for_each_record() -> None:
    vehicles = make_vehicles(PortalConfig(records=40))
    reports = {ref: report_pdf(vehicle) for ref, vehicle in vehicles.items()}
    assert len(set(reports.values())) == 40
    assert {vehicle.pages for vehicle in vehicles.values()} == {1, 2, 3, 4, 5}
    for ref, report in reports.items():
        pages = pdf_text(report)
        assert len(pages) == vehicles[ref].pages
        assert all(ref in page for page in pages)
        assert vehicles[ref].vin in pages[0]


def test_report_is_the_same_to_the_byte_when_it_is_made_again() -> None:
    vehicle = make_vehicles(PortalConfig(records=1))["V-0001"]
    first = report_pdf(vehicle)
    report_pdf.cache_clear()
    assert report_pdf(vehicle) == first


def test_report_can_be_made_when_the_record_is_hostile() -> None:
    for vehicle in make_vehicles(PortalConfig(records=60, hostile=True)).values():
        assert len(pdf_text(report_pdf(vehicle))) == vehicle.pages


def test_printable_keeps_latin_letters_and_replaces_the_others() -> None:
    assert printable("Malmö\r\n 🚗") == "Malmö ?"


def test_photos_are_pictures_of_the_type_they_claim() -> None:
    vehicle = make_vehicles(PortalConfig(records=1))["V-0001"]
    beginnings = {"image/svg+xml": b"<svg ", "image/png": b"\x89PNG\r\n"}
    found = [photo_bytes(vehicle, name) for name, _ in PHOTOS]
    assert all(photo is not None and photo[0].startswith(beginnings[photo[1]]) for photo in found)
    assert photo_bytes(vehicle, "../portal.css") is None


@pytest.mark.parametrize(
    "wrong",
    [{"records": -1}, {"latency_s": float("nan")}, {"delivery": "fax"}, {"no_report": 2}, {"password": ""}],
)
def test_config_names_the_field_when_its_value_makes_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PortalConfig(**wrong)  # type: ignore[arg-type]


def test_config_does_not_show_its_password() -> None:
    assert "secret" not in repr(PortalConfig(password="secret"))


def test_audit_leaves_the_last_line_out_when_it_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "audit.jsonl"
    audit = AuditLog(path)
    audit.write("login", account="démo\n", session=session_mark("token"))
    audit.close()
    with path.open("a") as file:
        file.write('{"event": "log')
    (line,) = read_audit(path)
    assert (line["event"], line["account"]) == ("login", "démo\n")
    assert "token" not in path.read_text()


def test_audit_is_empty_when_nothing_was_written(tmp_path: Path) -> None:
    AuditLog(None).write("login")
    assert read_audit(tmp_path / "none.jsonl") == []
