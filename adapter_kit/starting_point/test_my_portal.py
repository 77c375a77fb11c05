"""Tries MyPortal on recorded pages: `pytest test_my_portal.py`.

PAGES stand for a made-up portal. Put pages saved from yours into a folder instead, named after their
addresses (``records/V-1.html`` for /records/V-1, ``login.post.html`` for what the posted form answers,
``records.signed-out.html`` for what is shown without a session), and give that folder to
``recorded_portal``; or give the bench the address of the live portal.
"""

from collections.abc import Iterator

import pytest

from adapter_kit import AdapterBench, VerbFailed, recorded_portal, tiny_pdf
from adapter_kit.starting_point.my_portal import MyPortal
from tabworker.adapters.base import Credentials, Record
from tabworker.failures import FailureClass

ROW = "<tr><td>{ref}</td><td>Ada</td></tr>"
LIST = "<a href=/logout>Sign out</a><table><tbody>{rows}</tbody></table>{more}"
PAGES: dict[str, str | bytes] = {
    "login.html": """<form method=post><label>User name <input name=user></label>
        <label>Password <input name=password type=password></label><button>Sign in</button></form>""",
    "login.post.html": "<p>Welcome</p>",
    "records.signed-out.html": "<p>Please sign in</p>",
    "records.html": LIST.format(rows=ROW.format(ref="V-1"), more="<a href='/records?page=2'>Next</a>"),
    "records@page=2.html": LIST.format(rows=ROW.format(ref="V-2"), more=""),
    "records/V-1.html": "<a href=/reports/V-1.pdf>Report</a>",
    "records/V-2.html": "<p>No report for this record</p>",
    "reports/V-1.pdf": tiny_pdf("Report of V-1"),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterBench]:
    folder = tmp_path_factory.mktemp("bench")
    with recorded_portal(PAGES) as url, AdapterBench(MyPortal, url, folder) as bench:
        yield bench


def test_sign_in_ends_in_a_session(bench: AdapterBench) -> None:
    assert not bench.is_signed_in()
    assert bench.sign_in(Credentials("ada", "secret"))


def test_list_has_every_record_of_every_page(bench: AdapterBench) -> None:
    assert bench.list_records() == [Record("V-1", {"owner": "Ada"}), Record("V-2", {"owner": "Ada"})]


def test_document_is_fetched_and_verified(bench: AdapterBench) -> None:
    document = bench.fetch_document(Record("V-1"))
    assert document.pages == 1
    assert document.path.read_bytes() == PAGES["reports/V-1.pdf"]


def test_record_without_a_report_is_never_tried_again(bench: AdapterBench) -> None:
    with pytest.raises(VerbFailed) as failed:
        bench.fetch_document(Record("V-2"))
    assert failed.value.failure_class is FailureClass.PERMANENT
