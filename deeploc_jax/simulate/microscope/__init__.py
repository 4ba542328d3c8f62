"""Microscopes see simulated cells: optical section, bright field, camera, plates."""
