"""XLA on one GPU, and one line where it can't be."""

import keras
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.training.fit import xla
from kerasnotes.training.run import config
from tests.support import forks


def jit_compile(model, **flags):
    return xla.jit_compile(model, config.FitConfig(**flags))


@pytest.fixture
def on(monkeypatch):
    """Return a function that shows as many GPUs as it is called with."""

    def devices(gpus):
        monkeypatch.setattr(
            tf.config,
            "list_logical_devices",
            lambda kind: [None] * gpus if kind == "GPU" else [],
        )

    return devices


def test_auto_is_for_one_gpu(on):
    model = models.build("mlp", (28, 28, 1), 10)
    on(gpus=0)
    assert jit_compile(model) is False
    on(gpus=1)
    # Keras' own, not where a layer forbids it.
    assert jit_compile(model) == "auto"
    with tf.distribute.OneDeviceStrategy("/CPU:0").scope():
        assert jit_compile(model) is False


def test_batches_of_many_lengths_are_not_compiled(on):
    sizes = {"source_size": 9, "target_size": 9, "width": 4}
    model = models.build("encoder_decoder", **sizes)
    for gpus in (0, 1):
        on(gpus)
        assert jit_compile(model) is False
    assert jit_compile(model, jit_compile="true") is True


def test_what_is_asked_for_holds(on):
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(1)])
    for gpus in (0, 1):
        on(gpus)
        assert jit_compile(model, jit_compile="true") is True
        assert jit_compile(model, jit_compile="false") is False


# In a process of its own, which has had no bit-identical run.
COMPILED = """
import sys
import keras, numpy as np, tensorflow as tf
from kerasnotes import errors
from kerasnotes.training import runner
from kerasnotes.training.fit import compiling
from kerasnotes.training.run import config
from tests.support import toys

(folder,) = sys.argv[1:]


def refusal(task, **given):
    given = {"run_dir": folder, "epochs": 1, "jit_compile": "true", **given}
    try:
        runner.run(task, given, [], "trainers.toy")
    except errors.UserError as error:
        return str(error)


class Spelt(keras.layers.Layer):
    def call(self, x, training=False):
        if not training:
            return x
        return x + 0 * tf.cast(
            tf.strings.length(tf.strings.as_string(x)), x.dtype
        )


class Odd(toys.Toy):
    def model(self, facts):
        made = super().model(facts)
        return keras.Model(made.input, Spelt()(made.output), name="odd")


assert refusal(Odd) == (
    "--jit_compile=true: XLA can't compile this model: it has no AsString; "
    "give --jit_compile=false"
)


def learned(precision, jit):
    given = config.FitConfig(precision=precision, jit_compile=jit)
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(0)
    task = toys.Toy(toys.ToyConfig())
    layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input([4]), *layers])
    metrics = task.metrics({}, {})
    compiling.compile(model, task.loss({}), metrics, given, 7)
    assert model.jit_compile == (jit == "true")
    data = task.data().splits["train"].training_batches(16, 0, 0, 0, 1)
    model.fit(data, verbose=0, shuffle=False)
    return np.concatenate([w.ravel() for w in model.get_weights()])


want = learned("float32", "false")
for precision, close in (
    ("float32", 1e-5), ("mixed_float16", 2e-3), ("mixed_bfloat16", 2e-2)
):
    np.testing.assert_allclose(learned(precision, "true"), want, atol=close)
keras.config.set_dtype_policy("float32")

told = refusal(toys.Toy, deterministic="true", overwrite=True)
assert told == (
    "--jit_compile=true: Keras has no XLA with --deterministic=true; leave "
    "one of them out"
), told
"""


def test_steps_are_compiled_or_refused_in_one_line(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(COMPILED)
    status, _, told = forks.Program(program, tmp_path / "run").wait()
    assert not status, told
    assert "UserWarning: Model" not in told


def test_other_errors_are_left_alone():
    with (
        pytest.raises(tf.errors.InvalidArgumentError),
        xla.explain_errors(None),
    ):
        tf.reshape(tf.zeros(3), [2])
