"""Measurements of what a document costs; each prints a table, ratios of things measured in one run."""
