"""Probes are simple classifiers that learn from the features of a trained network."""
