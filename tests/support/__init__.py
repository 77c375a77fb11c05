"""What several tests need: a condition to wait for, a Chrome, a portal, the leftovers of a run."""
