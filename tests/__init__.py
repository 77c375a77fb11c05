"""The tests of Tabcrew."""
