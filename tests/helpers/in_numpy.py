"""The published networks in plain NumPy, float64, written from the papers alone."""

import jax
import numpy as np


class DeepLocInNumpy:
    def __init__(self, variables, train):
        variables = jax.tree.map(np.asarray, variables)
        self.params, self.stats = variables['params'], variables['batch_stats']
        self.train, self.new_stats = train, {}

    def conv(self, x, kernel):
        h, w = x.shape[1:3]
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return sum(
            padded[:, i : i + h, j : j + w] @ kernel[i, j]
            for i in range(3)
            for j in range(3)
        )

    def normalize(self, x, name):
        stats, params = self.stats[name]['bn'], self.params[name]['bn']
        mean, var = (np.float64(stats[k]) for k in ('mean', 'var'))
        if self.train:
            axes = tuple(range(x.ndim - 1))
            batch_mean, batch_var = x.mean(axes), x.var(axes)
            self.new_stats[name] = (
                0.5 * mean + 0.5 * batch_mean,
                0.5 * var + 0.5 * batch_var,
            )
            mean, var = batch_mean, batch_var
        return (x - mean) / np.sqrt(var + 1e-3) * params['scale'] + params['bias']

    def layer(self, x, name, kind):
        weights = self.params[name]
        kernel = np.float64(weights[kind]['kernel'])
        x = self.conv(x, kernel) if kind == 'conv' else x @ kernel
        return self.normalize(x + weights['bias'], name)

    def pool(self, x):
        n, h, w, c = x.shape
        padded = np.full((n, h + h % 2, w + w % 2, c), -np.inf)
        padded[:, :h, :w] = x
        return padded.reshape(n, (h + 1) // 2, 2, (w + 1) // 2, 2, c).max((2, 4))

    def __call__(self, x):
        x = np.float64(x)
        for i in range(1, 9):
            x = np.maximum(self.layer(x, f'conv_{i}', 'conv'), 0)
            if i in (2, 4, 8):
                x = self.pool(x)
        x = x.reshape(len(x), -1)
        for name in ('fc_1', 'fc_2'):
            x = np.maximum(self.layer(x, name, 'dense'), 0)
        return self.layer(x, 'final_layer', 'dense')


def numpy_deepyeast(variables, x):
    """In inference."""
    params, stats = variables['params'], variables['batch_stats']
    x = x - np.float64(stats['mean_image'])
    names = iter(f'conv_{i}' for i in range(1, 9))

    def normalized(x, name):
        bn, average = params[name]['bn'], stats[name]['bn']
        x = (x + params[name]['bias'] - average['mean']) / np.sqrt(
            average['var'] + 1e-3
        )
        return np.maximum(x * bn['scale'] + bn['bias'], 0)

    for count in (2, 2, 4):
        for name in (next(names) for _ in range(count)):
            kernel = np.float64(params[name]['conv']['kernel'])
            h, w = x.shape[1:3]
            padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            windows = [
                padded[:, i : i + h, j : j + w] @ kernel[i, j]
                for i in range(3)
                for j in range(3)
            ]
            x = normalized(sum(windows), name)
        n, h, w, c = x.shape
        x = x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
    x = x.reshape(len(x), -1)
    for name in ('fc_1', 'fc_2'):
        x = normalized(x @ np.float64(params[name]['dense']['kernel']), name)
    return x @ np.float64(params['fc_3']['kernel']) + params['fc_3']['bias']
