"""Profiles of two conditions become the proteins that moved, with an error rate."""
