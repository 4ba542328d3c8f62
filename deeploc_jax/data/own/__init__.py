"""Reads and checks a table of a user's own crops and turns its rows into cells."""
