"""A table of a user's own crops: read, checked, and turned into cells."""
