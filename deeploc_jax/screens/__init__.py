"""Plates of micrographs are kept on disk in one layout of folders and tables."""
