"""Screens as earlier versions prepared them, without condition and replicate."""

import contextlib

import tensorflow_datasets as tfds

from deeploc_jax.types import LATER


@contextlib.contextmanager
def earlier(monkeypatch, cls, version):
    """Makes a class of screens prepare what an earlier version of it prepared.

    Gives the monkeypatch that is undone at the end.
    """
    screen_info, generate = cls.screen_info, cls._generate_examples

    def info(self, features, metadata, **kwargs):
        if features is not None:
            kept = {n: f for n, f in features.items() if n not in LATER}
            features = tfds.features.FeaturesDict(kept)
        return screen_info(self, features, metadata, **kwargs)

    def examples(self, *args):
        for key, cell in generate(self, *args):
            yield key, {n: value for n, value in cell.items() if n not in LATER}

    with monkeypatch.context() as before:
        before.setattr(cls, 'VERSION', tfds.core.Version(version))
        before.setattr(cls, 'screen_info', info)
        before.setattr(cls, '_generate_examples', examples)
        yield before
