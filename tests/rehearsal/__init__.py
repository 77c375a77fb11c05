"""The rehearsal of a night: everything that can go wrong does, from one seed, and a verdict says whether it held."""
