"""A task for each document of a record, each with a name of its own."""

import pytest

from tabworker.adapters.form_settings import FormSettings
from tabworker.adapters.form_tasks import TaskNames, told_apart
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record


def names(**settings: object) -> TaskNames:
    return TaskNames(FormSettings(url="https://portal.example", **settings))  # type: ignore[arg-type]


def test_record_is_its_own_task_when_it_has_one_document() -> None:
    record = Record("V-1", {"Make": "Saab"})
    assert list(names().tasks_of(record, ())) == [record]
    assert record.reference == "V-1"


def test_record_is_a_task_for_each_name_when_it_has_several_documents() -> None:
    tasks = list(
        names(document_names=("report", "bill")).tasks_of(Record("V-1", {"Make": "Saab"}), ("report", "bill"))
    )
    assert [(task.ref, task.reference) for task in tasks] == [("V-1-report", "V-1"), ("V-1-bill", "V-1")]
    assert tasks[1].fields == {"Make": "Saab", "{ref}": "V-1", "{document}": "bill", "{n}": "2"}


def test_record_keeps_its_own_name_when_none_of_its_documents_is_known() -> None:
    assert list(names(documents_selector="a").tasks_of(Record("V-1"), ())) == [Record("V-1")]


def test_task_is_named_by_columns_when_a_row_is_a_document() -> None:
    several = names(task_name="{Make} {ref}")
    (task,) = several.tasks_of(Record("V-1", {"Make": "Saab"}), ())
    assert (task.ref, task.reference) == ("Saab V-1", "V-1")
    (same,) = several.tasks_of(Record("V-1", {"Make": "Saab"}), ())
    assert same == task


@pytest.mark.parametrize(
    ("template", "first", "second"),
    [
        ("{Type}", Record("V-1", {"Type": "bill"}), Record("V-2", {"Type": "bill"})),
        ("{ref}-{Type}", Record("V-1", {"Type": "a", "no": "1"}), Record("V-1", {"Type": "a", "no": "2"})),
    ],
)
def test_naming_is_refused_when_two_documents_would_have_one_name(
    template: str, first: Record, second: Record
) -> None:
    given = names(task_name=template)
    list(given.tasks_of(first, ()))
    with pytest.raises(AdapterMisfit, match=r"two documents would both be called .*task_name = "):
        list(given.tasks_of(second, ()))


def test_naming_is_refused_when_a_record_is_called_as_a_document_of_another() -> None:
    given = names(documents_selector="a")
    list(given.tasks_of(Record("V-1"), ("bill",)))
    with pytest.raises(AdapterMisfit, match="would both be called 'V-1-bill'"):
        list(given.tasks_of(Record("V-1-bill"), ()))


def test_naming_names_the_columns_when_the_template_names_another() -> None:
    with pytest.raises(AdapterMisfit, match=r"task_name names \{Type\}, but 'V-1' has only: ref, Make"):
        list(names(task_name="{ref}-{Type}").tasks_of(Record("V-1", {"Make": "Saab"}), ()))


def test_links_are_told_apart_when_they_read_alike_or_not_at_all() -> None:
    labels = ["Report", " Report\n", "", "Report 2", "x" * 500]
    assert told_apart(labels) == ["Report", "Report 2", "3", "Report 2 2", "x" * 80]
