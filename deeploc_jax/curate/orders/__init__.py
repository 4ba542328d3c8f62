"""Cells are put in the order in which they are shown."""
