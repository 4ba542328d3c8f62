"""What a Dask worker is asked for.

A scheduler imports the module of every function that it hands on. This one imports
nothing until it is called, so that JAX is not started there.
"""

from __future__ import annotations


def score_pickled(content: bytes) -> dict[str, int]:
    """Scores one part and returns what `job.score_part` counted.

    Args:
        content: Job and part, pickled by the process that began the run.
    """
    import pickle

    from deeploc_jax.screens.scoring.job import score_part

    return score_part(*pickle.loads(content))
