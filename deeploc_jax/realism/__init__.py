"""Realism is how badly simulated cells can be distinguished from real ones."""
