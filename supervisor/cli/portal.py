"""`python run.py portal`: the demo portal alone, to look at it or to try Tabcrew on it by hand."""

import os
from pathlib import Path
from typing import Annotated, get_args

import typer

from supervisor.cli.errors import Refused
from supervisor.exit_codes import ExitCode


def portal(
    port: Annotated[int, typer.Option(metavar="N", help="0 = any free port.")] = 8765,
    records: Annotated[int, typer.Option(metavar="N", help="Records in its inventory.")] = 40,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed gives the same portal.")] = 7,
    latency: Annotated[float, typer.Option(metavar="S", help="Seconds that a document takes.")] = 0.3,
    delivery: Annotated[str, typer.Option(metavar="WAY", help="How documents are handed out.")] = "mixed",
    faults: Annotated[str, typer.Option(metavar="MIX", help="Misbehaviour: hang=0.02,spin!=V-0003.")] = "",
    second_login: Annotated[
        str, typer.Option(metavar="ask|replace", help="What a second sign-in meets.")
    ] = "ask",
    session_ttl: Annotated[float, typer.Option(metavar="S", help="Life of a session; 0 = for ever.")] = 0,
    no_report: Annotated[float, typer.Option(metavar="SHARE", help="Records without a document.")] = 0,
    hostile: Annotated[
        bool, typer.Option("--hostile", help="References that hurt careless programs.")
    ] = False,
    audit: Annotated[Path | None, typer.Option(metavar="FILE", help="Audit log, JSON lines.")] = None,
) -> None:
    """Run the demo portal alone, until Ctrl-C.

    User demo, password tabcrew, or what TABCREW_DEMO_PASSWORD says.
    """
    # Late, and only here: no other command may load or need the demo portal.
    from demo_portal.config import Delivery, PortalConfig, SecondLogin
    from demo_portal.faults import FaultMix
    from demo_portal.server import serve

    if delivery not in get_args(Delivery):
        raise Refused(
            f"--delivery {delivery!r}: expected one of {', '.join(get_args(Delivery))}", ExitCode.USAGE
        )
    if second_login not in get_args(SecondLogin):
        raise Refused(f"--second-login {second_login!r}: expected ask or replace", ExitCode.USAGE)
    try:
        config = PortalConfig(
            records=records,
            seed=seed,
            latency_s=latency,
            delivery=delivery,  # type: ignore[arg-type]  # checked above
            second_login=second_login,  # type: ignore[arg-type]  # checked above
            session_ttl_s=session_ttl,
            audit_path=audit,
            faults=FaultMix.parse(faults),
            no_report=no_report,
            hostile=hostile,
            password=os.environ.get("TABCREW_DEMO_PASSWORD") or PortalConfig.password,
        )
        serve(config, port=port, on_listening=lambda url: typer.echo(f"listening on {url}  (Ctrl-C ends it)"))
    except (ValueError, OSError) as error:
        raise Refused(f"the demo portal cannot start: {error}", ExitCode.USAGE) from error
