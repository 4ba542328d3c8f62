"""Keeps the folder of one run: its owner, its record and its finished fits."""
