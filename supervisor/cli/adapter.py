"""`python run.py adapter new NAME` and `adapter try SPEC`: writing an adapter of one's own."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.errors import Refused
from supervisor.cli.run import is_person
from supervisor.credentials import PASSWORD, USERNAME, withdraw_secrets
from supervisor.exit_codes import ExitCode
from tabworker.messages import Credentials, Record

adapter = typer.Typer(
    help="Write an adapter of your own, for a portal that settings cannot describe.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@adapter.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Name of the module to be, for instance my_portal.")],
) -> None:
    """Write NAME.py, a commented starting point, and test_NAME.py into the current folder."""
    from adapter_kit.scaffold import ScaffoldRefused, class_name, write_starting_files

    try:
        files = write_starting_files(name, Path.cwd())
    except ScaffoldRefused as refused:
        raise Refused(f"{refused}.", ExitCode.USAGE) from refused
    except OSError as error:
        raise Refused(f"the files cannot be written: {error}", ExitCode.DISK) from error
    for file in files:
        typer.echo(f"wrote {file.name}")
    typer.echo(
        f"\nIts test runs on made-up pages:   pytest {files[1].name}\n"
        f"Name it in the settings:          [portal] adapter = {name}:{class_name(name)}\n"
        "Then try it on your portal:       python run.py check --visible --pause"
    )


@adapter.command("try")
def try_out(
    spec: Annotated[str, typer.Argument(metavar="MODULE:CLASS", help="The adapter.")],
    url: Annotated[str, typer.Option("--url", help="Address of the live portal.")] = "",
    pages: Annotated[
        Path | None, typer.Option("--pages", metavar="DIR", help="Recorded pages, instead of a live portal.")
    ] = None,
    only: Annotated[str | None, typer.Option("--only", metavar="REF", help="The record to fetch.")] = None,
    headless: Annotated[
        bool, typer.Option("--headless/--visible", help="Without a window, or with one to watch.")
    ] = True,
    slow_mo: Annotated[
        float,
        typer.Option("--slow-mo", metavar="MS", min=0, max=5000, help="Wait so long before each action."),
    ] = 0,
) -> None:
    """Call the four verbs one after the other, outside a run, on recorded pages or a live portal."""
    if bool(url) == (pages is not None):
        raise Refused("either --url or --pages is needed, and not both", ExitCode.USAGE)
    environ = withdraw_secrets(os.environ)
    credentials = Credentials(environ.get(USERNAME, ""), environ.get(PASSWORD, ""))
    if url and not credentials.password and is_person():
        credentials = Credentials(
            typer.prompt("User name"), typer.prompt("Password", hide_input=True, default="")
        )
    _try(spec, url, pages, credentials, only, headless=headless, slow_mo_ms=slow_mo)


def _try(
    spec: str,
    url: str,
    pages: Path | None,
    credentials: Credentials,
    only: str | None,
    *,
    headless: bool,
    slow_mo_ms: float,
) -> None:
    # Loaded late: it brings Playwright, which no other command needs in this process.
    from adapter_kit import AdapterBench, VerbFailed, recorded_portal
    from chrome_launcher.errors import ChromeError
    from tabworker.adapters.loading import AdapterNotLoaded, load_maker

    try:
        with ExitStack() as stack:
            maker = load_maker(spec)
            address = stack.enter_context(recorded_portal(pages)) if pages is not None else url
            folder = Path.cwd() / "adapter-try"
            bench = stack.enter_context(
                AdapterBench(maker, address, folder, headless=headless, slow_mo_ms=slow_mo_ms)
            )
            signed_in = bench.sign_in(credentials)
            typer.echo("✓ sign_in         " + ("signed in" if signed_in else "signed in already"))
            records = bench.list_records()
            shown = ", ".join(record.ref for record in records[:3])
            typer.echo(f"✓ list_records    {len(records)} records: {shown}{' …' if len(records) > 3 else ''}")
            record = _chosen(records, only)
            document = bench.fetch_document(record)
            typer.echo(f"✓ fetch_document  {record.ref}: {document.pages} pages, {document.path}")
    except VerbFailed as failed:
        raise Refused(f"✗ {failed}", ExitCode.SOME_FAILED) from failed
    except AdapterNotLoaded as error:
        raise Refused(str(error), ExitCode.USAGE) from error
    except FileNotFoundError as error:
        raise Refused(str(error), ExitCode.USAGE) from error
    except ChromeError as error:
        raise Refused(str(error), ExitCode.CHROME_CANNOT_START) from error


def _chosen(records: list[Record], only: str | None) -> Record:
    chosen = [record for record in records if only in (None, record.ref)]
    if not chosen:
        what = "the list is empty" if only is None else f"the list has no record {only}"
        raise Refused(f"✗ list_records: {what}", ExitCode.SOME_FAILED)
    return chosen[0]
