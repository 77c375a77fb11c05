"""CDP messages as the tab endpoint handles them: decoded, answered, passed on. Pure."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

Message = dict[str, Any]

encode = msgspec.json.Encoder().encode

_decoder = msgspec.json.Decoder(dict[str, Any])


@dataclass
class Onward:
    """What to pass on, in this order."""

    to_client: list[bytes] = field(default_factory=list)
    to_chrome: list[bytes] = field(default_factory=list)


def decode(data: bytes) -> Message:
    """Raises msgspec.DecodeError when ``data`` is no JSON object."""
    return _decoder.decode(data)


def result_answer(command: Message, result: Message) -> bytes:
    return _answer(command, {"result": result})


def error_answer(command: Message, text: str) -> bytes:
    return _answer(command, {"error": {"code": -32000, "message": text}})


def _answer(command: Message, body: Message) -> bytes:
    answer: Message = {"id": command.get("id"), **body}
    if "sessionId" in command:
        answer["sessionId"] = command["sessionId"]
    return encode(answer)
