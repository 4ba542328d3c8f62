"""Simple classifiers on features that are not trained any more."""
