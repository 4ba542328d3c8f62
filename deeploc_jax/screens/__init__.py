"""Plates of micrographs: fields, the cells in them, and their scores."""
