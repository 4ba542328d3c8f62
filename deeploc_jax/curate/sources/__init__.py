"""Cells are opened from screens, tables and scored plates."""
