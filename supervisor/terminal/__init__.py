"""What a person sees of a run: a live view on a terminal, plain lines elsewhere, a summary at the end."""

from supervisor.terminal.display import Display, open_display

__all__ = ["Display", "open_display"]
