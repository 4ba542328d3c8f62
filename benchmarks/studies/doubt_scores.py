"""Scores of cells that a network should doubt are computed for `doubts`."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax

from deeploc_jax import sharding
from deeploc_jax.data.normalize import make_normalize
from deeploc_jax.predict.features import choose_layer, make_split_program
from deeploc_jax.predict.novelty import known_novelty
from deeploc_jax.types import METADATA, Cells
from deeploc_jax.weights.folder import TrainedNetwork

PRINCIPAL = 64  # dimensions of the principal space: half of those of `mean`
SEEN, BATCH = 4000, 128
Scores = dict[str, np.ndarray]


class Judge:
    """Scores cells by all networks; what has to be known is of the training cells."""

    def __init__(self, networks: list[TrainedNetwork], train: Cells):
        self.networks = networks
        layer = choose_layer(networks[0], None)
        mesh = sharding.make_mesh()
        self.programs = [
            make_split_program(network, mesh, BATCH, layer=layer)
            for network in networks
        ]
        some = np.linspace(0, len(train) - 1, min(SEEN, len(train))).astype(int)
        logits, features = self.outputs(0, train.at(some))
        self.center = features.mean(0)
        _, _, axes = np.linalg.svd(features - self.center, full_matrices=False)
        self.minor = axes[PRINCIPAL:]
        self.scale = logits.mean(1).max(1).mean() / self.residual(features).mean()

    def outputs(self, number: int, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Logits [n, views, k] and features [n, f] by one network."""
        batches = list(self.programs[number].batches(cells, 'cells'))
        joined = (
            np.concatenate([getattr(b, n) for b in batches])
            for n in ('logits', 'features')
        )
        logits, features = joined
        return logits / self.networks[number].card.temperature, features

    def residual(self, features: np.ndarray) -> np.ndarray:
        """Length of the part of features [n, f] outside the principal space, [n]."""
        return np.linalg.norm((features - self.center) @ self.minor.T, axis=1)

    def scores(self, cells: Cells) -> tuple[Scores, np.ndarray]:
        """Every score [n], and the class called [n] by the first network."""
        logits, features = self.outputs(0, cells)
        p, mean = softmax(logits, -1), logits.mean(1)
        found = {
            'neighbours': known_novelty(self.networks[0]).score(features),
            'confidence': 1 - p.mean(1).max(1),
            'energy': -logsumexp(mean, 1),
            'vim': self.scale * self.residual(features) - logsumexp(mean, 1),
            'views': divergence(p),
        }
        if len(self.networks) > 1:
            others = range(1, len(self.networks))
            all_p = [softmax(self.outputs(i, cells)[0], -1).mean(1) for i in others]
            members = np.stack([p.mean(1), *all_p], axis=1)
            found['ensemble'] = divergence(members)
            found['ensemble, confidence'] = 1 - members.mean(1).max(1)
        return found, p.mean(1).argmax(1)

    def as_cells(self, images: np.ndarray) -> Cells:
        """Raw images without labels, as the first network takes them."""
        card, n = self.networks[0].card, len(images)
        images = make_normalize(card.normalization)(images)
        metadata = {name: np.full(n, '', object) for name in METADATA}
        metadata |= {name: np.zeros(n, np.float32) for name in 'xy'}
        labels = np.full(n, -1, np.int32)
        return Cells(images, labels, metadata, card.class_names, card.channels)


def divergence(p: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence [n] of distributions p [n, members, k], nats."""

    def entropy(q: np.ndarray) -> np.ndarray:
        return -(q * np.log(np.maximum(q, 1e-12))).sum(-1)

    return entropy(p.mean(1)) - entropy(p).mean(1)
