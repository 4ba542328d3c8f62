"""Runs a network: logits, features, novelty, export and the predictor."""
