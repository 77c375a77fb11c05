"""The main job as a user runs it: every record one verified document, one login, nothing left behind."""

from pathlib import Path

import pypdfium2
import pytest

from tests.support.chrome import virtual_display
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess


def test_job_delivers_every_record_once_when_nothing_goes_wrong(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=12) as portal,
        TabcrewProcess(tmp_path, portal.url, run__workers=3) as crew,
    ):
        assert crew.wait(within_s=60) == 0, crew.said()
        assert portal.logins() == 1
        assert portal.served() == {f"V-{number:04}": 1 for number in range(1, 13)}
        crew.assert_clean()
        for name in crew.documents():
            with pypdfium2.PdfDocument(crew.work_dir / "documents" / name) as pdf:
                assert name.removesuffix(".pdf") in pdf[0].get_textpage().get_text_range()


def test_job_does_nothing_when_run_again(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        TabcrewProcess(tmp_path, portal.url, run__workers=1) as crew,
    ):
        assert crew.wait(within_s=60) == 0, crew.said()
        seen = len(portal.audit())
        crew.start()
        assert crew.wait(within_s=20) == 0
        assert "nothing to do" in crew.said()
        assert len(portal.audit()) == seen


def test_job_fetches_only_what_is_named_then_the_rest_without_listing_again(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=5) as portal,
        TabcrewProcess(tmp_path, portal.url, run__workers=2) as crew,
    ):
        crew.wait(within_s=60)
        portal_seen = portal.served()
        crew.start("--fresh", "--only", "V-0003")
        assert crew.wait(within_s=60) == 0, crew.said()
        assert portal.served() - portal_seen == {"V-0003": 1}
        crew.start()
        assert crew.wait(within_s=60) == 0, crew.said()
        assert portal.served() == {f"V-{number:04}": 2 for number in range(1, 6)}
        assert len(portal.audit("inventory_exported")) == 2


@pytest.mark.parametrize("capture", ["fetch", "click", "download", "print"])
def test_job_captures_documents_when_told_which_way(tmp_path: Path, capture: str) -> None:
    delivery, record_url = "attachment", "/records/{ref}"
    if capture == "print":
        delivery, record_url = "print", "/records/{ref}/print"
    with (
        PortalProcess(tmp_path, records=3, delivery=delivery) as portal,
        TabcrewProcess(
            tmp_path, portal.url, run__workers=2, portal__capture=capture, portal__record_url=record_url
        ) as crew,
    ):
        assert crew.wait(within_s=60) == 0, crew.said()
        assert crew.counts().done == 3
        crew.assert_clean()


def test_job_captures_every_delivery_way_in_a_visible_chrome(tmp_path: Path) -> None:
    with (
        virtual_display() as display,
        PortalProcess(tmp_path, records=10, delivery="mixed") as portal,
        TabcrewProcess(
            tmp_path, portal.url, environ={"DISPLAY": display}, run__workers=3, chrome__headless="false"
        ) as crew,
    ):
        assert crew.wait(within_s=90) == 0, crew.said()
        assert portal.logins() == 1
        served = portal.audit("document_served")
        assert len(served) == 10
        assert {line["way"] for line in served} == {"attachment", "inline", "new-tab", "post", "blob"}
        crew.assert_clean()
