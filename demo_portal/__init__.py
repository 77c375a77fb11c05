"""A small real web portal to try Tabcrew on: records with a PDF behind a login. Imports no other room."""
