"""Tests with a real Chrome."""
