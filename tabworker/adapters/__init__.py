"""The code or settings that know one portal: the four verbs, and the form adapter that needs no code."""
