"""Pages, documents and names that hurt careless programs: every record ends as one verified document or one
explained failure, and takes no other with it.
"""

import csv
from pathlib import Path
from typing import Any

from chrome_launcher.find import find_chrome
from tests.support.hostile_site import DELIVERED, FAILED, HostileSite, hostile_site
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

FAULTS = {
    "V-0001": ("hang", "failed", "V-0001"),
    "V-0002": ("spin", "", ""),  # failed, or quarantined where the watchdog was first
    "V-0003": ("truncated", "failed", "truncated"),
    "V-0004": ("html", "failed", "a page instead of a PDF"),
    "V-0005": ("wrong", "failed", "another record's"),
    "V-0006": ("error", "failed", "503"),
    "V-0007": ("crash", "failed", "crash"),
    "V-0008": ("alert", "done", ""),
}
"""Reference → how the portal misbehaves at it, how the record must end, and a word of the reason."""

RECORDS = 12


def test_every_record_ends_with_its_reason_when_the_portal_misbehaves_in_every_way(tmp_path: Path) -> None:
    faults = ",".join(f"{kind}!={ref}" for ref, (kind, _, _) in FAULTS.items())
    with (
        PortalProcess(tmp_path, records=RECORDS, faults=faults) as portal,
        TabcrewProcess(
            tmp_path,
            portal.url,
            run__workers=3,
            portal__step_timeout_s=3,
            retry__backoff_s=0.2,
            retry__max_retries=1,
            pacing__portal_down_after=50,
            watchdog__max_restarts=50,
        ) as crew,
    ):
        assert crew.wait(within_s=110) == 3, crew.said()
        crew.assert_clean()
        assert portal.logins() == 1
        ended = {
            ref: (state, reason or "")
            for ref, state, reason in crew.query("SELECT id, state, reason FROM tasks")
        }
        for ref, (_, state, word) in FAULTS.items():
            assert ended[ref][0] == (state or ended[ref][0]), (ref, ended[ref])
            assert word in ended[ref][1], (ref, ended[ref])
        assert ended["V-0002"][0] in ("failed", "quarantined")
        healthy = {f"V-{number:04}" for number in range(8, RECORDS + 1)}
        assert {ref for ref, (state, _) in ended.items() if state == "done"} == healthy
        assert portal.served() == dict.fromkeys(healthy, 1)
        for ref in ("V-0001", "V-0005"):
            assert list((crew.work_dir / "failures").glob(f"{ref}-attempt-2*")), "no evidence is kept"


def test_hostile_pages_documents_and_names_end_as_they_should(tmp_path: Path) -> None:
    with (
        hostile_site() as site,
        hostile_crew(
            tmp_path,
            site,
            (*DELIVERED, *FAILED),
            run__workers=4,
            portal__step_timeout_s=6,  # a storm of pop-ups starts as many renderers within it
        ) as crew,
    ):
        assert crew.wait(within_s=110) == 3, crew.said()
        crew.assert_clean()
        ended = {
            ref: (state, reason or "")
            for ref, state, reason in crew.query("SELECT id, state, reason FROM tasks")
        }
        assert {ref for ref, (state, _) in ended.items() if state == "done"} == set(DELIVERED), ended
        assert {ref for ref, (state, _) in ended.items() if state == "failed"} == set(FAILED), ended
        outcomes = dict(crew.query("SELECT task, outcome FROM attempts"))
        for ref, (outcome, word) in FAILED.items():
            assert outcomes[ref] == outcome, ref
            assert word in ended[ref][1], (ref, ended[ref])
        tries = dict(crew.query("SELECT id, tries FROM tasks"))
        assert all(1 <= site.served[ref] <= tries[ref] for ref in DELIVERED), site.served
        (alarm,) = crew.log("same_content")
        assert "twin-" in alarm["text"]
        # Names: all in one folder, none of it a path, a device or the other's in another case.
        names = crew.documents()
        assert len({name.casefold() for name in names}) == len(DELIVERED)
        assert not any(set(name) & set('/\\\x07\x1b<>:"|?*') or name.upper() == "CON.PDF" for name in names)
        assert "\x1b" not in crew.said()


def test_page_that_eats_all_memory_costs_its_own_record_alone(tmp_path: Path) -> None:
    """In a Chrome that grants a page 64 MB: without that it would take what the machine has."""
    small = tmp_path / "small-chrome"
    small.write_text(f'#!/bin/sh\nexec "{find_chrome().path}" --js-flags=--max-old-space-size=64 "$@"\n')
    small.chmod(0o755)
    refs = ("eats-memory", "plain", "twin-1", "case")
    with (
        hostile_site() as site,
        hostile_crew(tmp_path, site, refs, run__workers=2, chrome__path=small) as crew,
    ):
        assert crew.wait(within_s=60) == 3, crew.said()
        crew.assert_clean()
        assert site.served == dict.fromkeys(refs[1:], 1)
        assert crew.query("SELECT id, state, deaths FROM tasks WHERE state <> 'done'") == [
            ("eats-memory", "failed", 0)
        ]
        [(outcome, reason)] = crew.query("SELECT outcome, reason FROM attempts WHERE outcome <> 'delivered'")
        assert (outcome, "crashed" in reason) == ("transient", True), reason
        assert crew.log("chrome_died") == []


def hostile_crew(folder: Path, site: HostileSite, refs: tuple[str, ...], **settings: Any) -> TabcrewProcess:
    """One attempt for each of these records of the site."""
    with (folder / "inventory.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Reference", "Note"])
        for ref in refs:
            writer.writerow([ref, "=cmd|'/C calc'!A0\r\n\u202egnp.exe"])
    return TabcrewProcess(
        folder,
        site.url,
        portal__sign_in_url="",
        portal__consent_selectors="",
        portal__inventory="file",
        portal__inventory_file=folder / "inventory.csv",
        portal__record_url="/record/{ref}",
        portal__document_selector="#get",
        portal__no_document_text="",
        portal__reference_in_document="true",
        retry__max_retries=0,
        pacing__portal_down_after=50,
        watchdog__max_restarts=50,
        **settings,
    )
