"""Cells are found in a field, measured and cut out."""
