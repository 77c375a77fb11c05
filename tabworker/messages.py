"""Everything that supervisor and worker say to each other, as msgspec structs. A leaf: it imports no room.

Duties travel in the worker's inbox (a ``multiprocess.Queue``), reports come back over its ``Pipe``, one
write per frame. A frame is at most 4 KiB so that the kernel writes it whole or not at all (PIPE_BUF): a
worker that is stopped or killed in mid-report never leaves half a frame that would block the reader
(HAZARDS P4).

Each duty bears the *epoch* under which it was given, and each report repeats it: a report whose epoch is
not the current one comes from a worker that lost its lease, and changes nothing.
"""

from pathlib import Path

import msgspec

from tabworker.failures import FailureClass

MAX_FRAME_BYTES = 4096 - 4
"""PIPE_BUF on Linux less the 4-byte length that ``Connection.send_bytes`` puts in front."""


OWN_REFERENCE = "{ref}"
"""The field of a Record that holds the record's reference where its task bears another name."""


class Record(msgspec.Struct, frozen=True):
    """One row of the portal's inventory. ``fields`` holds the row as the portal gave it, column → cell.

    ``ref`` is the task's id: unique. Where a record has several documents each is a Record of its own, and
    an adapter notes in braces, which no column has, what it needs to tell them apart.
    """

    ref: str
    fields: dict[str, str] = {}

    @property
    def reference(self) -> str:
        """The record's own reference, which its documents bear, also where the task's id says more."""
        return self.fields.get(OWN_REFERENCE, self.ref)


class Credentials(msgspec.Struct, frozen=True):
    """The account at the portal. Its repr shows no secret, so it cannot leak through a log or a traceback.

    ``totp_secret``: of its authenticator app, empty when it has none. ``code_used_at``: when one of its codes
    was typed last, seconds since 1970.
    """

    username: str
    password: str
    totp_secret: str = ""
    code_used_at: float = 0.0

    @property
    def secrets(self) -> set[str]:
        """What may be written nowhere."""
        return {self.password, self.totp_secret} - {""}

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password=***)"


# --- duties: supervisor → worker ------------------------------------------------------------------


class Attach(msgspec.Struct, tag="attach"):
    """The first message: attach to this tab of the running Chrome."""

    browser_ws_url: str
    target_id: str


class OpenPortal(msgspec.Struct, tag="open_portal"):
    """Open a page of the portal, to see whether it answers at all: in a check, and while it seems down."""

    epoch: int
    url: str
    timeout_s: float


STEP_BY_HAND = "wait for the sign-in by hand"
"""The step in which a person is waited for: a failure in it tells nothing of the portal."""


class SignIn(msgspec.Struct, tag="sign_in"):
    """Prove on this worker's tab that the session is good, and sign in only if it is not.

    ``by_hand``: a person does it, in this tab, within ``timeout_s`` (infinite: whenever they come).
    """

    epoch: int
    credentials: Credentials
    timeout_s: float
    by_hand: bool = False


class ListRecords(msgspec.Struct, tag="list_records"):
    """List the inventory into ``staging/inventory-<epoch>.jsonl``, one JSON record a line."""

    epoch: int
    timeout_s: float


class FetchDocument(msgspec.Struct, tag="fetch_document"):
    """Fetch one document into ``staging/<epoch>.pdf``. ``evidence_name``: what to call the evidence of a
    failure.
    """

    epoch: int
    record: Record
    attempt: int
    timeout_s: float
    evidence_name: str


Duty = Attach | OpenPortal | SignIn | ListRecords | FetchDocument


# --- reports: worker → supervisor -----------------------------------------------------------------


class Attached(msgspec.Struct, tag="attached"):
    """The worker drives its tab and waits for duties."""

    took_s: float


class PortalOpened(msgspec.Struct, tag="portal_opened"):
    """Answer to OpenPortal: an HTTP status, whichever, and where it led. ``title`` is the page's own word."""

    epoch: int
    status: int
    url: str
    title: str


class SessionProven(msgspec.Struct, tag="session_proven"):
    """Answer to SignIn: the session is good. ``signed_in_now``: this duty typed the credentials."""

    epoch: int
    signed_in_now: bool


class PersonAwaited(msgspec.Struct, tag="person_awaited"):
    """No answer to SignIn, but on the way to one: the page to sign in on is in front, a person must go on."""

    epoch: int
    url: str


class RecordsListed(msgspec.Struct, tag="records_listed"):
    """The inventory file is complete and holds ``count`` records."""

    epoch: int
    count: int


class DocumentFetched(msgspec.Struct, tag="document_fetched"):
    """A verified document lies in staging under its epoch's name.

    ``fetch_s``: seconds from taking the duty to the verified file. ``warning``: something that does not
    disprove the document but that a person should know; empty when there is nothing.
    """

    epoch: int
    sha256: str
    size_bytes: int
    pages: int
    fetch_s: float
    warning: str = ""


class DutyFailed(msgspec.Struct, tag="duty_failed"):
    """A duty ended in a failure of this class; ``evidence`` names files below failures/ that show the page.

    Epoch 0: the worker cannot take any duty, because the settings name no adapter that can be used.
    ``unfit``: why this worker's tab can do no further work (crashed, does not answer); empty when it can.
    """

    epoch: int
    failure_class: FailureClass
    reason: str
    step: str
    retry_after_s: float | None = None
    evidence: list[str] = []
    unfit: str = ""


Report = (
    Attached | PortalOpened | PersonAwaited | SessionProven | RecordsListed | DocumentFetched | DutyFailed
)

_encoder = msgspec.msgpack.Encoder()
_duty_decoder: msgspec.msgpack.Decoder[Duty] = msgspec.msgpack.Decoder(Duty)
_report_decoder: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def encode_duty(duty: Duty) -> bytes:
    return _encoder.encode(duty)


def decode_duty(data: bytes) -> Duty:
    """Raises msgspec.ValidationError or DecodeError when ``data`` is not a duty."""
    return _duty_decoder.decode(data)


def encode_report(report: Report) -> bytes:
    """One frame of at most MAX_FRAME_BYTES; texts that come from a page are cut to fit, never the rest."""
    if isinstance(report, DutyFailed):
        report = msgspec.structs.replace(
            report,
            reason=_cut(report.reason, 2000),
            step=_cut(report.step, 200),
            evidence=[name for name in report.evidence[:4] if len(name.encode()) <= 250],
            unfit=_cut(report.unfit, 200),
        )
    elif isinstance(report, PersonAwaited):
        report = msgspec.structs.replace(report, url=_cut(report.url, 500))
    elif isinstance(report, DocumentFetched):
        report = msgspec.structs.replace(report, warning=_cut(report.warning, 2000))
    elif isinstance(report, PortalOpened):
        report = msgspec.structs.replace(report, url=_cut(report.url, 1000), title=_cut(report.title, 200))
    data = _encoder.encode(report)
    if len(data) > MAX_FRAME_BYTES:
        raise ValueError(
            f"report of {len(data)} bytes exceeds the frame limit of {MAX_FRAME_BYTES}: {type(report)}"
        )
    return data


def decode_report(data: bytes) -> Report:
    """Raises msgspec.ValidationError or DecodeError when ``data`` is not a report."""
    return _report_decoder.decode(data)


def _cut(text: str, max_bytes: int) -> str:
    """At most ``max_bytes`` of UTF-8. Half a surrogate pair, which a page may hold, does not encode: "?"."""
    raw = text.encode("utf-8", "replace")
    return raw.decode() if len(raw) <= max_bytes else raw[: max_bytes - 3].decode("utf-8", "ignore") + "…"


# --- names of files that both sides must agree on -------------------------------------------------


def staged_document(staging: Path, epoch: int) -> Path:
    return staging / f"{epoch}.pdf"


def staged_inventory(staging: Path, epoch: int) -> Path:
    return staging / f"inventory-{epoch}.jsonl"
