"""The designs that HAZARDS.md warns of, as one writes them at first. Each is here so that a test can fail."""
