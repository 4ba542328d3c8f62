"""DeepLoc in JAX: from cells of a yeast screen to protein localizations."""

__version__ = '0.1.0'
