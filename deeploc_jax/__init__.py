"""DeepLoc and DeepYeast in JAX: from yeast micrographs to protein localizations."""

__version__ = '0.1.0'
