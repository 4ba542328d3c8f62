"""Adapts a trained network to another screen of which no cell has a label."""
