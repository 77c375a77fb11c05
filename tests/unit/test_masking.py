"""What must not be written down is taken out of a text, however it is spelled; the rest stays readable."""

import html
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from loguru import logger

from tabworker.json_log import log_to_file
from tabworker.masking import masked, secret_cookies

SECRET = "s3cr\u00e9t &<\"'/%+\\"


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
    ],
)
def test_secret_is_masked_when_it_is_spelled_otherwise(spelled: str) -> None:
    text = masked(f"before {spelled} after", {SECRET})
    assert "s3cr" not in text
    assert text.startswith("before ")
    assert text.endswith(" after")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("https://p.test/x;jsessionid=A1B2?page=2&ref=V-1", "https://p.test/x;jsessionid=***?page=2&ref=V-1"),
        ("https://p.test/?PHPSESSID=abc&page=2", "https://p.test/?PHPSESSID=***&page=2"),
        ("https://p.test/?a=1&amp;csrf_token=abc&amp;b=2", "https://p.test/?a=1&amp;csrf_token=***&amp;b=2"),
        ("https://p.test/#id_token=abc", "https://p.test/#id_token=***"),
        (
            "https://p.test/?side=left&author=Bern&keyword=x",
            "https://p.test/?side=left&author=Bern&keyword=x",
        ),
        ("https://p.test/(S(lit3py55t21z5v55vlm25s55))/r.aspx", "https://p.test/(S(***))/r.aspx"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("got Set-Cookie: sid=1; Path=/\nnext", "got Set-Cookie: ***\nnext"),
        ("x eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJ y", "x *** y"),
        ("V-0042 took 3.2 s, attempt 2 of 3", "V-0042 took 3.2 s, attempt 2 of 3"),
    ],
)
def test_text_loses_what_is_called_a_secret_and_nothing_else(text: str, result: str) -> None:
    assert masked(text) == result


def test_short_values_are_no_secrets_when_they_are_cookies_or_nearly_empty() -> None:
    assert secret_cookies(["en", "dark", "0123456789abcdef"]) == {"0123456789abcdef"}
    assert masked("one day", {"", "one"}) == "one day"


def test_log_masks_message_and_traceback_when_a_secret_was_learned_later(tmp_path: Path) -> None:
    secrets: set[str] = set()
    log_to_file(tmp_path / "log.jsonl", "INFO", secrets=secrets)
    try:
        secrets.add("hunter2222")
        try:
            raise ValueError("no field takes hunter2222")
        except ValueError:
            logger.bind(event="it_broke", task="V-1").exception("hunter2222 was typed")
    finally:
        logger.remove()
    (line,) = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert (line["event"], line["task"], line["text"]) == ("it_broke", "V-1", "*** was typed")
    assert "ValueError: no field takes ***" in line["traceback"]
