"""What the loop joins; made by the assembly."""

from collections.abc import Callable
from dataclasses import dataclass

from supervisor.chrome_keeper import ChromeKeeper
from supervisor.crew import Crew
from supervisor.dispatch import Dispatcher
from supervisor.journal import Journal
from supervisor.ledger import Ledger
from supervisor.mailbox import Mailbox
from supervisor.pause import Pause
from supervisor.publisher import Publisher
from supervisor.settings import Settings
from supervisor.task_book import TaskBook
from supervisor.terminal.display import Display
from supervisor.work_dir import WorkDir
from tabworker.log_file import LogFile
from tabworker.setup import WorkerSetup


@dataclass
class Parts:
    settings: Settings
    work_dir: WorkDir
    ledger: Ledger
    book: TaskBook
    dispatcher: Dispatcher
    chrome: ChromeKeeper
    crew: Crew
    journal: Journal
    log: LogFile
    publisher: Publisher
    display: Display
    mailbox: Mailbox
    pause: Pause
    make_setup: Callable[[int, str], WorkerSetup]
