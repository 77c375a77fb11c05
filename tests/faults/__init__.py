"""Tests that cause a fault for real and look at the ledger, the audit log and the leftovers."""
