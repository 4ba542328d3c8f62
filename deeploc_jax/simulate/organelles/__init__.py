"""Painters draw the light of a tagged protein: one function for each localization."""
