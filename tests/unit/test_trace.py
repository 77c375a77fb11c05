"""A trace that is kept holds no secret, whatever part of it the secret stood in."""

import json
import zipfile
from pathlib import Path

from tabworker.trace import write_masked


def test_trace_keeps_no_secret_of_the_network_anywhere_when_written(tmp_path: Path) -> None:
    request = {
        "url": "https://x/a?key=QUERYSECRET",
        "headers": [
            {"name": "Cookie", "value": "sid=COOKIESECRET1"},
            {"name": "authorization", "value": "Bearer BEARERSECRET"},
            {"name": "Accept", "value": "text/html"},
        ],
        "cookies": [{"name": "sid", "value": "COOKIESECRET1"}],
        "queryString": [{"name": "key", "value": "x"}, {"name": "access_token", "value": "QUERYSECRET"}],
    }
    dom = ["INPUT", {"type": "hidden", "name": "csrf_token", "value": "FORMSECRET"}]
    typed = ["INPUT", {"type": "password", "__playwright_value_": "TYPEDSECRET"}]
    with zipfile.ZipFile(tmp_path / "raw.zip", "w") as raw:
        raw.writestr("trace.network", json.dumps({"snapshot": {"request": request, "response": {}}}))
        raw.writestr("trace.trace", json.dumps({"html": [dom, typed], "text": 'say "BEARERSECRET"'}) + "\n")
        raw.writestr("resources/a.json", b'{"me": "COOKIESECRET1", "umlaut": "\xc3\xbc"}')
        raw.writestr("screencast/a.jpeg", b"\xff\xd8COOKIESECRET1")
    write_masked(tmp_path / "raw.zip", tmp_path / "kept.zip", {"PASSWORD99"})
    with zipfile.ZipFile(tmp_path / "kept.zip") as kept:
        texts = {name: kept.read(name) for name in kept.namelist()}
    assert texts.pop("screencast/a.jpeg") == b"\xff\xd8COOKIESECRET1"  # a picture is no text
    assert b"SECRET" not in b"".join(texts.values())
    assert b"text/html" in texts["trace.network"]
    assert texts["resources/a.json"] == b'{"me": "***", "umlaut": "\xc3\xbc"}'
    assert json.loads(texts["trace.trace"])["text"] == 'say "***"'
