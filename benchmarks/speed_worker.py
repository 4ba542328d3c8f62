"""One contestant of `speed.py` runs here, in a process of its own.

It reads a number, makes one call that is not timed and then as many that are, and
writes a line of JSON: seconds and CPU seconds per call, and the peak of its memory, on
the GPU where it uses one, else resident. Before it reads anything, it writes such a
line for its first call, after the set-up.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

NUM_CLASSES, SIDE, CROP = 19, 64, 60
MATRIX = 4096


def main() -> None:
    """Serves numbers until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument('contestant', choices=CONTESTANTS)
    parser.add_argument('mode', choices=('train', 'predict'))
    parser.add_argument('batch', type=int)
    arguments = parser.parse_args()
    framework, dtype, option = CONTESTANTS[arguments.contestant]
    call = framework(arguments.mode, arguments.batch, dtype, option)
    report(call, 1)
    for line in sys.stdin:
        call()  # not timed: maps the memory that the system took back since the last
        report(call, int(line))


def report(call: Callable[[], object], number: int) -> None:
    """Times `number` calls and prints a line of JSON."""
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(number):
        call()
    seconds = (time.perf_counter() - start) / number
    cpu = (time.process_time() - cpu) / number
    peak = peak_bytes() / 2**30
    print(json.dumps(dict(seconds=seconds, cpu=cpu, gibibytes=peak)), flush=True)


def peak_bytes() -> int:
    """Peak memory in bytes: of the GPU that this process used, else resident."""
    if 'torch' in sys.modules:
        cuda = sys.modules['torch'].cuda
        held = cuda.max_memory_allocated() if cuda.is_available() else 0
    else:
        stats = sys.modules['jax'].local_devices()[0].memory_stats() or {}
        held = stats.get('peak_bytes_in_use', 0)
    return held or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def random_batch(batch: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Images [b, side, side, 2] and labels [b]."""
    rng = np.random.default_rng(0)
    images = rng.random((batch, side, side, 2), np.float32)
    return images, rng.integers(NUM_CLASSES, size=batch).astype(np.int32)


def in_jax(mode: str, batch: int, dtype: str, option: str) -> Callable[[], object]:
    """A training step (augmentation included) or a forward pass in JAX."""
    import jax
    import jax.numpy as jnp
    import optax

    from benchmarks.plain_flax import PlainDeepLoc
    from deeploc_jax import compilation, sharding
    from deeploc_jax.models import get_model
    from deeploc_jax.train.state import init_state
    from deeploc_jax.train.step import make_train_step

    if option == 'plain':
        model = PlainDeepLoc(NUM_CLASSES, compute_dtype=dtype)
    else:
        model = get_model(option, NUM_CLASSES, compute_dtype=dtype)
    mesh = sharding.make_mesh()
    tx = optax.adam(1e-3)
    state = init_state(model, tx, (CROP, CROP, 2), 0, mesh)
    images, labels = random_batch(batch, SIDE)
    if mode == 'predict':
        image = jnp.asarray(images[:, :CROP, :CROP])

        def predict(variables: dict, image: jax.Array) -> jax.Array:
            logits, _ = model.apply(variables, image, train=False)
            return jax.nn.softmax(logits)

        options = compilation.compiler_options(mesh)
        predict = jax.jit(predict, compiler_options=options)
        return lambda: _discard(np.asarray(predict(state.variables, image)))
    step = make_train_step(model, tx, mesh, seed=0, augmentation=dict(crop=CROP))
    data = sharding.put_batch(dict(image=images, label=labels), mesh)

    def train() -> None:
        nonlocal state
        state, metrics = step(state, data)
        jax.block_until_ready((state, metrics))

    return train


def in_torch(mode: str, batch: int, dtype: str, option: str) -> Callable[[], object]:
    """The same calls in PyTorch; crops are not augmented, to its advantage."""
    import torch

    from benchmarks.torch_deeploc import TorchDeepLoc

    torch.manual_seed(0)
    device = torch_device()
    model = TorchDeepLoc(NUM_CLASSES).to(device)
    images, labels = random_batch(batch, CROP)
    image = torch.from_numpy(images).to(device)
    label = torch.from_numpy(labels).long().to(device)
    run = torch.compile(model) if option == 'compile' else model
    low = torch.autocast(device, torch.bfloat16)
    precision = low if dtype == 'bfloat16' else contextlib.nullcontext()
    if mode == 'predict':
        model.eval()

        def predict() -> None:
            with torch.inference_mode(), precision:
                torch.softmax(run(image), dim=1).cpu()

        return predict
    tx = torch.optim.Adam(model.parameters(), 1e-3)

    def train() -> None:
        tx.zero_grad(set_to_none=True)
        with precision:
            loss = torch.nn.functional.cross_entropy(run(image), label)
        loss.backward()
        tx.step()
        if device == 'cuda':
            torch.cuda.synchronize()

    return train


def torch_device() -> str:
    """'cuda' where there is a GPU, then as fast as JAX is by default, else 'cpu'."""
    import torch

    if not torch.cuda.is_available():
        return 'cpu'
    torch.backends.cudnn.benchmark = True  # times the algorithms, as XLA does
    torch.set_float32_matmul_precision('high')  # TF32, as in XLA
    return 'cuda'


def matrix_product(
    mode: str, batch: int, dtype: str, option: str
) -> Callable[[], object]:
    """The product of two square matrices, as a measure of the machine."""
    del mode, batch
    if option == 'torch':
        import torch

        a = torch.rand((MATRIX, MATRIX)).to(torch_device(), getattr(torch, dtype))
        return lambda: _discard((a @ a)[0, 0].item())
    import jax

    x = jax.random.uniform(jax.random.key(0), (MATRIX, MATRIX)).astype(dtype)
    product = jax.jit(lambda x: jax.numpy.dot(x, x, preferred_element_type='float32'))
    return lambda: _discard(product(x).block_until_ready())


def _discard(value: object) -> None:
    del value


CONTESTANTS = {
    'deeploc_jax': (in_jax, 'float32', 'deeploc'),
    'deeploc_jax bf16': (in_jax, 'bfloat16', 'deeploc'),
    'lean': (in_jax, 'float32', 'lean'),
    'plain Flax': (in_jax, 'float32', 'plain'),
    'plain Flax bf16': (in_jax, 'bfloat16', 'plain'),
    'torch': (in_torch, 'float32', 'eager'),
    'torch.compile': (in_torch, 'float32', 'compile'),
    'torch bf16': (in_torch, 'bfloat16', 'eager'),
    'torch.compile bf16': (in_torch, 'bfloat16', 'compile'),
    'matmul (XLA)': (matrix_product, 'float32', 'jax'),
    'matmul (XLA) bf16': (matrix_product, 'bfloat16', 'jax'),
    'matmul (torch)': (matrix_product, 'float32', 'torch'),
    'matmul (torch) bf16': (matrix_product, 'bfloat16', 'torch'),
}
"""Name -> function of its framework, precision, and network or way to run it."""


if __name__ == '__main__':
    main()
