"""Plates of micrographs on disk."""
