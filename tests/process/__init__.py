"""Tests with real child processes and no browser."""
