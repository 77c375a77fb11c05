"""Inventory, record pages and documents of a running demo portal."""

import csv
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from demo_portal.hostile import HOSTILE_REFS
from tests.support.portal import PortalProcess
from tests.support.portal_client import PortalClient


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    with PortalProcess(tmp_path, records=60) as running:
        yield running


@pytest.fixture
def visitor(portal: PortalProcess) -> PortalClient:
    client = PortalClient(portal.url)
    client.enter()
    return client


def exported(visitor: PortalClient, query: str = "") -> list[dict[str, str]]:
    answer = visitor.get(f"/inventory/export.csv{query}")
    assert answer.headers["content-disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))


def test_export_holds_all_records_only_when_filters_are_cleared(
    portal: PortalProcess, visitor: PortalClient
) -> None:
    assert {row["Status"] for row in exported(visitor)} == {"Active"}
    assert visitor.send_form("/inventory", "/inventory/filters", action="clear").location == "/inventory"
    assert [row["Reference"] for row in exported(visitor)] == [f"V-{n:04d}" for n in range(1, 61)]
    assert [line["rows"] for line in portal.audit("inventory_exported")] == [42, 60]


def test_search_finds_reference_vin_and_model(visitor: PortalClient) -> None:
    some = exported(visitor)[4]
    for query in (some["Reference"].lower(), some["VIN"], f"{some['Make']} {some['Model']}"):
        assert some in exported(visitor, f"?q={quote(query)}")


def test_pager_shows_every_record_once(visitor: PortalClient) -> None:
    visitor.send_form("/inventory", "/inventory/filters", action="clear")
    seen: list[str] = []
    path = "/inventory"
    while path:
        text = visitor.get(path).text
        seen += re.findall(r'<td data-label="Reference"><a href="/records/([^"]+)"', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path = following[1] if following else ""
    assert seen == [f"V-{n:04d}" for n in range(1, 61)]


def test_report_is_whole_and_logged_for_every_way(portal: PortalProcess, visitor: PortalClient) -> None:
    shown = {"V-0001": "attachment", "V-0002": "inline", "V-0003": "inline", "V-0005": "attachment"}
    for ref, disposition in shown.items():
        answer = visitor.get_report(ref)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.headers["content-disposition"].startswith(disposition)
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert answer.body.startswith(b"%PDF-")
        assert answer.body.rstrip().endswith(b"%%EOF")
    posted = visitor.send_form("/records/V-0004", "/records/V-0004/report")
    assert posted.body == visitor.get_report("V-0004").body
    assert portal.served() == {**dict.fromkeys(shown, 1), "V-0004": 2}


def test_reports_do_not_wait_for_each_other_when_many_are_asked_for(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, latency=0.5) as portal, ThreadPoolExecutor(16) as pool:
        visitor = PortalClient(portal.url)
        visitor.enter()
        refs = [f"V-{n:04d}" for n in range(1, 17)]
        bodies = list(pool.map(lambda ref: visitor.get_report(ref).body, refs))
        assert len(set(bodies)) == 16
        events = [line["event"] for line in portal.audit() if line["event"].startswith("document")]
        assert events[:16] == ["document_started"] * 16


def test_record_page_has_one_control_when_it_has_a_report(visitor: PortalClient) -> None:
    for number in range(1, 6):
        text = visitor.get(f"/records/V-000{number}").text
        assert text.count('id="get-report"') == 1
        assert text.count("<script src=") == 3
        assert text.count('rel="stylesheet"') == 2
        assert len(re.findall(r'src="/records/V-000\d/photos/', text)) == 5


def test_record_is_not_found_when_the_reference_is_unknown(visitor: PortalClient) -> None:
    for path in ("/records/V-9999", "/records/V-9999/report.pdf", "/records/V-9999/print"):
        answer = visitor.get(path)
        assert answer.status == 404
        assert "Record not found" in answer.text
    assert visitor.get("/nothing").status == 404


def test_record_says_so_when_it_has_no_report(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=3, no_report=1) as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        assert 'class="no-report">No report available for this record.' in visitor.get("/records/V-0001").text
        assert visitor.get_report("V-0001").status == 404
        assert portal.served() == {}


def test_print_page_is_the_document_when_the_way_is_print(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=3, delivery="print") as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        assert "<h1>Vehicle report V-0002</h1>" in visitor.get("/records/V-0002/print").text
        assert visitor.get_report("V-0002").status == 404
        assert portal.served() == {"V-0002": 1}


def test_every_record_can_be_reached_when_references_are_hostile(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=24, hostile=True) as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        visitor.send_form("/inventory", "/inventory/filters", action="clear")
        refs = [row["Reference"] for row in exported(visitor)]
        assert set(HOSTILE_REFS) < set(refs)
        for ref in refs:
            assert visitor.get(f"/records/{quote(ref, safe='')}").status == 200
            assert visitor.get_report(ref).status == 200
        assert portal.served() == dict.fromkeys(refs, 1)
