"""What a run computes on is said, and what to do where memory is not enough."""

import jax
import pytest

from configs import deeploc, evaluate, features, realism, transfer
from deeploc_jax import devices, tasks
from deeploc_jax.devices import unused_card
from deeploc_jax.tasks import simulate

CARD = 'dev/nvidia0'


def test_a_run_begins_with_its_devices():
    assert devices.running_on().startswith(
        f'Running on 4 x cpu (cpu), jax {jax.__version__}'
    )


@pytest.mark.parametrize('card', [CARD, 'dev/dxg', 'dev/nvidiactl', None])
@pytest.mark.parametrize('plugin', [True, False])
def test_a_message_names_a_card_that_is_not_used(tmp_path, monkeypatch, card, plugin):
    (tmp_path / 'dev').mkdir()
    if card:
        (tmp_path / card).touch()
    monkeypatch.setattr(devices.importlib.util, 'find_spec', lambda name: plugin)
    said = unused_card({}, tmp_path)
    if card in (None, 'dev/nvidiactl'):  # a driver without a card
        assert said == ''
    else:
        assert ('nvidia-smi' if plugin else "pip install '.[cuda]'") in said
    for name, value in (('CUDA_VISIBLE_DEVICES', ''), ('JAX_PLATFORMS', 'cpu')):
        assert unused_card({name: value or '-1'}, tmp_path) == ''


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """What a task is answered that ends with this error."""

    def run(config, error, backend='gpu'):
        def fail(*unused):
            raise error

        monkeypatch.setattr('deeploc_jax.compilation.keep_programs', lambda: None)
        monkeypatch.setattr(simulate, 'run', fail)
        monkeypatch.setattr(jax, 'default_backend', lambda: backend)
        config.task = 'simulate'
        assert tasks.run(config, tmp_path / 'out') == 1
        assert (tmp_path / 'out/error.log').read_text().startswith('Traceback')
        return capsys.readouterr().err

    return run


OF_GPU = [
    'RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.',
    "Unable to initialize backend 'cuda': CUDA_ERROR_OUT_OF_MEMORY: out of memory",
    'INTERNAL: Failed to allocate 123 bytes for new constant',
    'INTERNAL: cuBLAS error: CUBLAS_STATUS_ALLOC_FAILED',
]


@pytest.mark.parametrize('text', OF_GPU)
@pytest.mark.parametrize(
    ('config', 'fields'),
    [
        (
            deeploc.get_config(),
            'batch_size (128) or --config.evaluation.batch_size (128) or '
            '--config.device_limit (4.0)',
        ),
        (evaluate.get_config(), 'evaluation.batch_size (128)'),
        (features.get_config(), 'batch_size (128)'),
        (transfer.get_config(), 'batch_size (128) or --config.evaluation.batch_size'),
    ],
    ids=['train', 'evaluate', 'features', 'transfer'],
)
def test_a_full_device_names_the_fields_to_lower(run, config, fields, text):
    said = run(config, jax.errors.JaxRuntimeError(text))
    assert f'memory of the device is not enough. Lower --config.{fields}' in said
    assert 'nvidia-smi' in said and 'XLA_PYTHON_CLIENT_PREALLOCATE' in said
    assert text in said


@pytest.mark.parametrize('error', [MemoryError(), OSError(12, 'Cannot allocate')])
def test_a_full_machine_names_the_fields_to_lower(run, error):
    said = run(transfer.get_config(), error)
    assert 'memory of this machine is not enough. Lower --config.memory_limit' in said
    assert 'nvidia' not in said
    assert '--config.cells (' in run(realism.get_config(), error)


def test_without_a_card_its_memory_is_that_of_the_machine(run):
    error = jax.errors.JaxRuntimeError(OF_GPU[0])
    said = run(deeploc.get_config(), error, backend='cpu')
    assert 'memory of this machine' in said and 'nvidia' not in said
    assert '--config.batch_size' in said and '--config.memory_limit' in said


@pytest.mark.parametrize('error', [RuntimeError('bad data'), OSError(28, 'No space')])
def test_other_errors_are_not_blamed_on_memory(run, error):
    assert 'memory' not in run(deeploc.get_config(), error)
