"""The rehearsal of a night: what can go wrong goes wrong, from one seed, and a sheet says whether it held."""
