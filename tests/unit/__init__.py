"""Tests of pure code: no process, no browser, no sleep."""
