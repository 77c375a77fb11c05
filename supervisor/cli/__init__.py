"""The command line: one file a command. Nothing else in the supervisor prints or reads arguments."""

from supervisor.cli.app import main

__all__ = ["main"]
