"""The notes about downloads of pop-ups: written by the supervisor, read by the one tab they belong to."""

from pathlib import Path

from tabworker.popup_downloads import PopupDownload, PopupDownloadNotes, PopupDownloadReader, notes_file


def created(target: str, opener: str | None = None) -> dict[str, object]:
    info = {"targetId": target} | ({"openerId": opener} if opener else {})
    return {"method": "Target.targetCreated", "params": {"targetInfo": info}}


def begun(guid: str, frame: str) -> dict[str, object]:
    params = {"frameId": frame, "guid": guid, "url": "u", "suggestedFilename": "f.pdf"}
    return {"method": "Browser.downloadWillBegin", "params": params}


def progressed(guid: str, state: str) -> dict[str, object]:
    return {"method": "Browser.downloadProgress", "params": {"guid": guid, "state": state}}


def destroyed(target: str) -> dict[str, object]:
    return {"method": "Target.targetDestroyed", "params": {"targetId": target}}


def write(folder: Path, *events: dict[str, object]) -> None:
    notes = PopupDownloadNotes(folder)
    for event in events:
        notes.on_event(event)


def test_reader_sees_begin_and_end_when_a_popup_downloads(tmp_path: Path) -> None:
    reader = PopupDownloadReader(tmp_path, "TAB")
    notes = PopupDownloadNotes(tmp_path)
    assert reader.read_new() == []
    for event in (
        created("TAB"),
        created("POPUP", "TAB"),
        begun("G", "POPUP"),
        progressed("G", "inProgress"),
    ):
        notes.on_event(event)
    assert reader.read_new() == [PopupDownload("G", "POPUP", "u", "f.pdf")]
    assert reader.read_new() == []
    # The pop-up closes before its download is whole: that is Chrome's usual order.
    notes.on_event(destroyed("POPUP"))
    notes.on_event(progressed("G", "completed"))
    assert reader.read_new() == [PopupDownload("G", "POPUP", "u", "f.pdf", "completed")]


def test_note_goes_to_the_first_opener_when_a_popup_opened_the_popup(tmp_path: Path) -> None:
    write(tmp_path, created("P1", "TAB"), created("P2", "P1"), destroyed("P1"), begun("G", "P2"))
    assert [note.guid for note in PopupDownloadReader(tmp_path, "TAB").read_new()] == ["G"]


def test_note_is_not_seen_by_another_tab_when_both_have_popups(tmp_path: Path) -> None:
    write(tmp_path, created("P1", "ONE"), created("P2", "TWO"), begun("G1", "P1"), begun("G2", "P2"))
    assert [note.guid for note in PopupDownloadReader(tmp_path, "ONE").read_new()] == ["G1"]
    assert [note.guid for note in PopupDownloadReader(tmp_path, "TWO").read_new()] == ["G2"]


def test_nothing_is_noted_when_a_tab_downloads_by_itself(tmp_path: Path) -> None:
    write(tmp_path, created("TAB"), begun("G", "TAB"), progressed("G", "completed"))
    assert list(tmp_path.iterdir()) == []


def test_notes_are_deleted_when_their_tab_is_gone(tmp_path: Path) -> None:
    write(tmp_path, created("TAB"), created("POPUP", "TAB"), begun("G", "POPUP"), destroyed("TAB"))
    assert not notes_file(tmp_path, "TAB").exists()


def test_reader_waits_for_the_rest_when_a_line_is_half_written(tmp_path: Path) -> None:
    write(tmp_path, created("POPUP", "TAB"), begun("G", "POPUP"))
    path = notes_file(tmp_path, "TAB")
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    reader = PopupDownloadReader(tmp_path, "TAB")
    assert reader.read_new() == []
    path.write_bytes(whole)
    assert [note.guid for note in reader.read_new()] == ["G"]
