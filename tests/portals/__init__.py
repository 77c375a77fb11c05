"""Portals of quite different make, as small as they can be, with the settings or the adapter for each."""
