"""For every key of every section: what is wrong for it, and what the refusal says that is expected.

The words stand here a second time on purpose: taken from the model, they would agree with whatever it says.
"""

from dataclasses import dataclass

Key = tuple[str, str]


@dataclass(frozen=True)
class Wrong:
    """``value`` is refused because of ``expected``. ``beside``: further lines that it takes for that."""

    value: str
    expected: str
    beside: str = ""

    @property
    def alone(self) -> bool:
        """Whether the value is wrong by itself, and not only because of other keys or of the disk."""
        return not self.expected.startswith("must")


def _whole(limits: str, *beyond: str) -> tuple[Wrong, ...]:
    wrong = ("many", "2.5", "", "nan", "1e3", *beyond)
    return tuple(Wrong(value, f"expected a whole number{limits}") for value in wrong)


def _count(least: int = 0) -> tuple[Wrong, ...]:
    too_many = Wrong("9" * 30, "expected a number of at most 9 digits")
    return (*_whole(f", {least} or more", str(least - 1), "9" * 5000), too_many)


def _seconds(limits: str, *beyond: str) -> tuple[Wrong, ...]:
    wrong = ("soon", "", "5 s", "nan", "inf", "-inf", "-1", *beyond)
    too_long = [Wrong(value, "expected at most 1000000 seconds") for value in ("1000001", "1e300")]
    return (*(Wrong(value, f"expected a number{limits}") for value in wrong), *too_long)


_YES_NO = tuple(Wrong(value, "expected true or false") for value in ("maybe", "2", ""))
_COUNT, _ONE_OR_MORE = _count(), _count(1)
_LONGER_THAN_NOTHING = _seconds(" greater than 0", "0")
_MAYBE_NO_TIME = _seconds(", 0 or more")


def _one_of(choices: str, *wrong: str) -> tuple[Wrong, ...]:
    return tuple(Wrong(value, f"expected one of {choices}") for value in (*wrong, ""))


_SELECTOR = (Wrong("#a[b", "expected a selector, but ] is missing"),)
_SELECTORS = (
    Wrong(
        "#ok, :is(.a, .b)",
        "expected selectors, but in ':is(.a' ) is missing (one that holds commas needs a line of its own)",
    ),
)
_NO_ADDRESS = "expected a path on the portal, as in /login, or a whole address, http://… or https://…"
_NO_SECRETS = "expected no user or password inside the address: set TABCREW_USERNAME and TABCREW_PASSWORD"
_ADDRESS = (
    *(
        Wrong(value, _NO_ADDRESS)
        for value in (
            "portal.example:8080/x",
            "ftp://portal.example/",
            "javascript:go()",
            "https://",
            "//:1/x",
        )
    ),
    Wrong("https://me:hunter2@portal.example/", _NO_SECRETS),
)
_NO_URL = "expected http://… or https://… with a host, or demo"
_NO_PORT = "expected http://127.0.0.1:PORT, the debugging port of a Chrome on this machine, or nothing"
_NO_FAULTS = (
    "expected kind=share from 0 to 1 (hang=0.02), kind!=reference (hang!=V-0007) or a number for slow_s, "
    "retry_after_s, times, but {!r} is none of these; kinds are slow, hang, error, throttle, logout, "
    "licence, truncated, html, wrong, alert, spin, crash"
)
_JSON_PATH = tuple(
    Wrong(value, "expected names or numbers with dots between them, as in data.items or files.0")
    for value in ("data..items", "$.items", "items[0]", "/items")
)
_HOMELESS = "expected a path: nobody here has the home folder at its beginning"
_SHORTER_THAN_A_STEP = (
    "must be more than [portal] step_timeout_s (30), "
    "or a worker is killed where a single step would have timed out"
)

WRONG: dict[Key, tuple[Wrong, ...]] = {
    ("run", "work_dir"): (
        Wrong("", "expected a path: what a run makes is kept there"),
        Wrong("~nobody-of-that-name/work", _HOMELESS),
        Wrong("a\x1b[31m", "expected a text without control characters"),
        Wrong("settings.ini", "must be a folder, and this is a file: name another"),
    ),
    ("run", "workers"): _whole(" from 1 to 64", "0", "65", "9" * 5000),
    ("run", "limit"): _COUNT,
    ("run", "recycle_after_documents"): _COUNT,
    ("run", "recycle_above_mb"): _COUNT,
    ("run", "min_free_disk_mb"): _COUNT,
    ("run", "trace"): _one_of("off, failed", "all"),
    ("chrome", "attach"): tuple(
        Wrong(value, _NO_PORT)
        for value in (
            "http://192.168.1.7:9222",
            "http://example.com:9222",
            "http://127.0.0.1.example.com:9222",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:9222/#page",
            "http://me:hunter2@127.0.0.1:9222",
            "https://127.0.0.1:9222",
            "ws://127.0.0.1:9222/devtools/browser/x",
            "127.0.0.1:9222",
        )
    ),
    ("chrome", "install"): _YES_NO,
    ("chrome", "headless"): _YES_NO,
    ("chrome", "block_resources"): _YES_NO,
    ("chrome", "block_types"): (Wrong("image, script", "expected any of image, font, media, stylesheet"),),
    ("chrome", "block_hosts"): tuple(
        Wrong(value, "expected names of hosts, without http:// and without a port")
        for value in ("https://ads.example.net/", "ads.example.net:80", "ads example", "a..b")
    ),
    ("chrome", "start_timeout_s"): _LONGER_THAN_NOTHING,
    ("chrome", "probe_timeout_s"): _LONGER_THAN_NOTHING,
    ("chrome", "max_restarts"): _COUNT,
    ("chrome", "restart_window_s"): _LONGER_THAN_NOTHING,
    ("watchdog", "heartbeat_s"): _seconds(", 0.05 or more", "0", "0.04"),
    ("watchdog", "heartbeat_timeout_s"): (
        *_LONGER_THAN_NOTHING,
        Wrong("2", "must be more than twice heartbeat_s (1), or one late beat kills it"),
    ),
    ("watchdog", "task_timeout_s"): (*_LONGER_THAN_NOTHING, Wrong("30", _SHORTER_THAN_A_STEP)),
    ("watchdog", "inventory_timeout_s"): (*_LONGER_THAN_NOTHING, Wrong("30", _SHORTER_THAN_A_STEP)),
    ("watchdog", "boot_timeout_s"): _LONGER_THAN_NOTHING,
    ("watchdog", "max_restarts"): _COUNT,
    ("watchdog", "restart_window_s"): _LONGER_THAN_NOTHING,
    ("retry", "max_retries"): _COUNT,
    ("retry", "backoff_s"): _MAYBE_NO_TIME,
    ("retry", "backoff_max_s"): (*_MAYBE_NO_TIME, Wrong("1", "must not be less than backoff_s (2)")),
    ("retry", "max_worker_deaths"): _ONE_OR_MORE,
    ("pacing", "tasks_per_minute"): (
        *(Wrong(value, "expected a number, 0 or more") for value in ("fast", "", "nan", "inf", "-1")),
        Wrong("1e300", "expected a number of at most 9 digits"),
        Wrong("0.001", "must be 0, or at least 0.01: one document in 100 minutes"),
    ),
    ("pacing", "portal_down_after"): _ONE_OR_MORE,
    ("pacing", "portal_probe_every_s"): _LONGER_THAN_NOTHING,
    ("pacing", "portal_down_give_up_s"): (
        *_LONGER_THAN_NOTHING,
        Wrong("3", "must not be less than portal_probe_every_s (30)"),
    ),
    ("portal", "adapter"): tuple(
        Wrong(value, "expected form, or module:Class of your own adapter")
        for value in ("my portal", "my-portal:MyPortal", "my_portal", "my_portal:", "a..b:C", "1a:C", "")
    ),
    ("portal", "url"): (
        *(
            Wrong(value, _NO_URL)
            for value in (
                "fleet.example.com",
                "ftp://fleet.example.com",
                "https://",
                "https://:443",
                "https://fleet.example.com:99999",
                "https://fleet.example.com:0",
                "https://fleet.example.com:http",
                "https://fleet example.com",
                "https://..",
                "https://[::1",
                "https://[nonsense]",
                "Demo",
                "",
            )
        ),
        Wrong("https://me:hunter2@fleet.example.com", _NO_SECRETS),
    ),
    ("portal", "demo_records"): _whole(" from 0 to 100000", "-1", "100001"),
    ("portal", "demo_seed"): (*_whole(""), Wrong("9" * 30, "expected a number of at most 9 digits")),
    ("portal", "demo_latency_s"): _MAYBE_NO_TIME,
    ("portal", "demo_delivery"): _one_of("mixed, attachment, inline, new-tab, post, blob, print", "pigeon"),
    ("portal", "demo_faults"): tuple(
        Wrong(value, _NO_FAULTS.format(value))
        for value in ("hnag=0.1", "hang", "hang=2", "hang=-1", "hang=nan", "hang!=", "slow_s=long")
    ),
    ("portal", "sign_in"): _one_of("form, manual, none", "password"),
    ("portal", "manual_sign_in_timeout_s"): _MAYBE_NO_TIME,
    ("portal", "sign_in_url"): _ADDRESS,
    ("portal", "username_selector"): _SELECTOR,
    ("portal", "sign_in_next_selector"): _SELECTOR,
    ("portal", "password_selector"): _SELECTOR,
    ("portal", "sign_in_button_selector"): _SELECTOR,
    ("portal", "totp_selector"): _SELECTOR,
    ("portal", "sign_in_error_selector"): _SELECTOR,
    ("portal", "signed_in_selector"): _SELECTOR,
    ("portal", "signed_in_url"): _ADDRESS,
    ("portal", "end_other_session_selector"): _SELECTOR,
    ("portal", "consent_selectors"): _SELECTORS,
    ("portal", "inventory"): _one_of("csv_export, table, json, file", "excel"),
    ("portal", "inventory_url"): _ADDRESS,
    ("portal", "inventory_menu_selectors"): _SELECTORS,
    ("portal", "clear_filters_selector"): _SELECTOR,
    ("portal", "export_selector"): _SELECTOR,
    ("portal", "table_row_selector"): _SELECTOR,
    ("portal", "paging"): _one_of("next, load_more, scroll, number", "pages"),
    ("portal", "next_page_selector"): _SELECTOR,
    ("portal", "first_page"): _COUNT,
    ("portal", "count_selector"): _SELECTOR,
    ("portal", "json_url"): _ADDRESS,
    ("portal", "json_records_path"): _JSON_PATH,
    ("portal", "json_next_path"): _JSON_PATH,
    ("portal", "inventory_file"): (
        Wrong("~nobody-of-that-name/refs.csv", _HOMELESS),
        *(
            Wrong(value, "must be a file, and there is none of that name", "inventory = file\n")
            for value in ("refs.csv", ".", "x" * 300)
        ),
    ),
    ("portal", "reference_column"): (Wrong("", "expected a text that is not empty"),),
    ("portal", "record_url"): _ADDRESS,
    ("portal", "search_url"): _ADDRESS,
    ("portal", "search_selector"): _SELECTOR,
    ("portal", "record_link_selector"): _SELECTOR,
    ("portal", "capture"): _one_of("fetch, click, print, download", "grab"),
    ("portal", "document_url"): _ADDRESS,
    ("portal", "document_menu_selectors"): _SELECTORS,
    ("portal", "document_selector"): _SELECTOR,
    ("portal", "document_names"): (
        Wrong(
            "a, b, a",
            "must not hold 'a' twice unless {n} stands in task_name: both documents would have one name",
            "document_menu_selectors = text={document}\n",
        ),
        Wrong("a, b", "must be empty while documents_selector is set", "documents_selector = a\n"),
    ),
    ("portal", "documents_selector"): _SELECTOR,
    ("portal", "task_name"): (
        Wrong("report", "must hold {ref} or {column name}, or all would have one name"),
        Wrong(
            "{ref}",
            "must hold {document} or {n}, or all documents of a record would have one name",
            "documents_selector = a\n",
        ),
    ),
    ("portal", "reference_in_document"): _YES_NO,
    ("portal", "step_timeout_s"): _LONGER_THAN_NOTHING,
    ("logging", "level"): _one_of("DEBUG, INFO, WARNING, ERROR", "LOUD"),
    ("logging", "keep_files"): _ONE_OR_MORE,
    ("logging", "rotate_mb"): _ONE_OR_MORE,
}

FREE: dict[Key, str] = {
    ("chrome", "path"): "whether it is a Chrome shows when it is looked for, with an exit code of its own",
    ("portal", "token_key"): "scripts name what they keep as they like; no token there is told in words",
    ("portal", "no_document_text"): "a text that a page may show, and no page is known yet",
}
"""Any text may be right, and why."""
