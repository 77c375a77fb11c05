"""What a misbehaving demo portal really does, and that it ends whatever hangs in it."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.support.eventually import eventually
from tests.support.portal import REPOSITORY, PortalProcess
from tests.support.portal_client import Answer, PortalClient


def first_and_second_report(tmp_path: Path, faults: str) -> tuple[Answer, Answer]:
    """Two requests for V-0001 at a portal with ``faults``; only the second may count as served."""
    with PortalProcess(tmp_path, records=3, faults=faults) as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        answers = visitor.get_report("V-0001"), visitor.get_report("V-0001")
        (fault,) = portal.audit("fault")
        assert (fault["ref"], fault["kind"]) == ("V-0001", faults.partition("=")[0])
        assert portal.served() == {"V-0001": 1}
        return answers


def test_portal_answers_503_once_when_the_fault_is_error(tmp_path: Path) -> None:
    first, second = first_and_second_report(tmp_path, "error=1")
    assert (first.status, second.status) == (503, 200)


def test_portal_asks_to_wait_when_the_fault_is_throttle(tmp_path: Path) -> None:
    first, _ = first_and_second_report(tmp_path, "throttle=1,retry_after_s=7")
    assert (first.status, first.headers["retry-after"]) == (429, "7")


def test_portal_sends_half_a_document_when_the_fault_is_truncated(tmp_path: Path) -> None:
    first, second = first_and_second_report(tmp_path, "truncated=1")
    assert int(first.headers["content-length"]) == len(first.body)
    assert first.body == second.body[: len(second.body) // 2]


def test_portal_sends_a_page_as_pdf_when_the_fault_is_html(tmp_path: Path) -> None:
    first, _ = first_and_second_report(tmp_path, "html=1")
    assert (first.status, first.headers["content-type"]) == (200, "application/pdf")
    assert first.body.lstrip().startswith(b"<!doctype html>")


def test_portal_sends_the_neighbours_document_when_the_fault_is_wrong(tmp_path: Path) -> None:
    first, second = first_and_second_report(tmp_path, "wrong=1")
    assert first.body != second.body
    assert first.body.startswith(b"%PDF-")
    assert "V-0001" in first.headers["content-disposition"]


def test_portal_takes_longer_and_serves_when_the_fault_is_slow(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=3, faults="slow=1,slow_s=0.7") as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        asked_at = time.monotonic()
        first = visitor.get_report("V-0001")
        assert time.monotonic() - asked_at >= 0.7
        assert first.body == visitor.get_report("V-0001").body
        assert [line["kind"] for line in portal.audit("fault")] == ["slow"]
        assert portal.served() == {"V-0001": 2}


@pytest.mark.parametrize("way", ["attachment", "print"])
def test_portal_ends_the_session_when_the_fault_is_logout(tmp_path: Path, way: str) -> None:
    with PortalProcess(tmp_path, records=3, delivery=way, faults="logout!=V-0001") as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        path = "/records/V-0001/print" if way == "print" else "/records/V-0001/report.pdf"
        assert visitor.get(path).location == "/login?reason=expired"
        assert visitor.get("/inventory").location.startswith("/login")
        visitor.enter()  # nobody else is signed in: no conflict
        assert portal.logins() == 2


@pytest.mark.parametrize("way", ["attachment", "print"])
def test_portal_asks_for_consent_again_when_the_fault_is_licence(tmp_path: Path, way: str) -> None:
    with PortalProcess(tmp_path, records=3, delivery=way, faults="licence=1") as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        path = "/records/V-0001/print" if way == "print" else "/records/V-0001/report.pdf"
        assert visitor.get(path).location == visitor.get("/inventory").location == "/licence"
        assert visitor.send_form("/licence", "/licence", accept="yes").location == "/inventory"
        assert visitor.get(path).status == 200
        assert portal.logins() == 1


@pytest.mark.parametrize("kind", ["alert", "spin", "crash"])
def test_record_page_carries_the_fault_once_when_it_is_one_of_the_page(tmp_path: Path, kind: str) -> None:
    with PortalProcess(tmp_path, records=3, faults=f"{kind}=1") as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        assert f"fault-{kind}.js" in visitor.get("/records/V-0001").text
        assert "fault-" not in visitor.get("/records/V-0001").text
        assert [line["place"] for line in portal.audit("fault")] == ["page"]


def test_portal_serves_others_and_ends_at_once_when_a_request_hangs(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=3, faults="hang!=V-0001") as portal, ThreadPoolExecutor(1) as pool:
        visitor = PortalClient(portal.url)
        visitor.enter()
        hanging = pool.submit(visitor.get_report, "V-0001")
        eventually(lambda: portal.audit("fault"), within_s=5)
        assert visitor.get_report("V-0002").status == 200
        assert not hanging.done()
        asked_at = time.monotonic()
        assert portal.stop() == 0
        assert time.monotonic() - asked_at < 1
        assert hanging.result(timeout=5).status == 500


def test_document_counts_as_unserved_when_the_client_leaves(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, records=3, latency=30) as portal:
        visitor = PortalClient(portal.url)
        visitor.enter()
        impatient = PortalClient(portal.url, timeout_s=0.2)
        impatient.cookies = visitor.cookies
        with pytest.raises(TimeoutError):
            impatient.get_report("V-0001")
        (line,) = eventually(lambda: portal.audit("document_served"), within_s=5)
        assert (line["complete"], line["bytes"]) == (False, 0)
        assert portal.served() == {}


def test_portal_ends_cleanly_when_it_is_interrupted(tmp_path: Path) -> None:
    with PortalProcess(tmp_path) as portal:
        os.kill(portal.pid, signal.SIGINT)
        assert portal.stop() == 0


def test_portal_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        portal = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        eventually(lambda: not portal.is_running(), within_s=5, what="portal ends after its parent")
    finally:
        parent.kill()
        parent.wait()
        if parent.stdout is not None:
            parent.stdout.close()


_PARENT = """
import sys, time, pathlib
from tests.support.portal import PortalProcess
with PortalProcess(pathlib.Path(sys.argv[1])) as portal:
    print(portal.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--faults=bang=1", "names no known fault"),
        ("--records=-1", "records"),
        ("--delivery=fax", "delivery"),
    ],
)
def test_portal_says_what_is_wrong_when_an_option_makes_no_sense(option: str, said: str) -> None:
    command = [sys.executable, "-m", "demo_portal", option]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 2
    assert said in result.stderr
    assert result.stdout == ""
