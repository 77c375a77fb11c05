"""A pause begins when it is wanted, holds one worker, and ends by Enter."""

import os
from queue import Queue

from supervisor.pause import EnterPressed, Pause


def test_pause_holds_until_enter_is_pressed_when_it_is_wanted() -> None:
    reading, writing = os.pipe()
    posted: Queue[object] = Queue()
    with os.fdopen(reading) as keyboard, os.fdopen(writing, "w") as person:
        pause = Pause(True, posted.put, keyboard)
        assert pause.hold("1.1", "V-1")
        assert not pause.hold("1.2", "V-2"), "one page at a time"
        assert (pause.worker, pause.text) == ("1.1", "paused on V-1: Enter goes on, Ctrl-C stops")
        person.write("\n")
        person.flush()
        assert isinstance(posted.get(timeout=5), EnterPressed)
        assert pause.release() == "1.1"
        assert not pause.holds
        assert pause.text == ""


def test_pause_lasts_when_nobody_sits_at_the_keyboard() -> None:
    posted: Queue[object] = Queue()
    with open(os.devnull) as nobody:  # noqa: PTH123  # a device, not a path of ours
        pause = Pause(True, posted.put, nobody)
        assert pause.hold("1.1", "V-1")
    assert pause.holds
    assert posted.empty()


def test_run_goes_on_when_no_pause_is_wanted() -> None:
    pause = Pause(False, lambda _: None)
    assert not pause.hold("1.1", "V-1")
    assert not pause.holds
