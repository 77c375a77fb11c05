"""What threads and signals post is taken by the loop, and wakes it."""

import os
import select
import signal
import threading
from collections.abc import Iterator

import pytest

from supervisor.mailbox import Interrupted, Interrupts, Mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    opened = Mailbox()
    yield opened
    opened.close()


def readable(mailbox: Mailbox) -> bool:
    return bool(select.select([mailbox], [], [], 0)[0])


def test_mailbox_is_quiet_when_nothing_was_posted(mailbox: Mailbox) -> None:
    assert not readable(mailbox)
    assert mailbox.take() == []


def test_mailbox_gives_all_in_order_when_it_is_taken(mailbox: Mailbox) -> None:
    for item in ("a", None, 3):
        mailbox.post(item)
    assert readable(mailbox)
    assert mailbox.take() == ["a", None, 3]
    assert not readable(mailbox)
    assert mailbox.take() == []


def test_posting_never_blocks_when_nobody_takes(mailbox: Mailbox) -> None:
    count = 100_000  # far more than the socket's buffer holds
    for number in range(count):
        mailbox.post(number)
    assert mailbox.take() == list(range(count))
    mailbox.post("and it still wakes")
    assert readable(mailbox)


def test_nothing_is_lost_when_threads_post_at_once(mailbox: Mailbox) -> None:
    def post(name: str) -> None:
        for number in range(500):
            mailbox.post((name, number))

    threads = [threading.Thread(target=post, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    got: list[tuple[str, int]] = []
    while any(thread.is_alive() for thread in threads):
        got += mailbox.take()
    for thread in threads:
        thread.join()
    got += mailbox.take()
    assert sorted(got) == [(name, number) for name in "abcd" for number in range(500)]
    for name in "abcd":
        assert [number for who, number in got if who == name] == list(range(500))


def test_posting_is_harmless_when_the_mailbox_is_closed() -> None:
    closed = Mailbox()
    closed.close()
    closed.post("too late")


@pytest.mark.parametrize("number", Interrupts.SIGNALS, ids=lambda number: signal.Signals(number).name)
def test_signal_only_posts_when_interrupts_are_in_use(mailbox: Mailbox, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interrupts(mailbox):
        for _ in range(2):
            os.kill(os.getpid(), number)
        assert readable(mailbox)
        posted = mailbox.take()
    assert [item.name for item in posted if isinstance(item, Interrupted)] == [number.name] * 2
    assert signal.getsignal(number) is before
