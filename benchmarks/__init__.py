"""Measurements: what a document costs, how soon work goes on after a fault. Each prints a table."""
