"""Plates of micrographs become fields, the cells in them, and the scores of these."""
