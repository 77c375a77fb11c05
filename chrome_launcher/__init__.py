"""Find, install, start, probe and stop ONE Chrome, and hold its root CDP connection. Knows no tasks."""
