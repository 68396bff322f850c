"""What only a GPU can show; skipped where there is none."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.training import records
from kerasnotes.training.distribute import strategies
from kerasnotes.training.fit import compiling
from kerasnotes.training.run import config

pytestmark = pytest.mark.skipif(
    not tf.config.list_physical_devices("GPU"), reason="needs a GPU"
)

REPLICAS = """
import json
import keras, numpy as np, tensorflow as tf
(gpu, *_) = tf.config.list_physical_devices("GPU")
tf.config.set_visible_devices(gpu, "GPU")
tf.config.set_logical_device_configuration(
    gpu, [tf.config.LogicalDeviceConfiguration(memory_limit=2048)] * 2
)
tf.config.experimental.enable_tensor_float_32_execution(False)
from kerasnotes.training.distribute import strategies

x = np.random.default_rng(0).normal(size=[64, 8]).astype("float32")
y = x[:, :1] - x[:, 1:2]

def train(strategy):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input([8]), *layers])
        model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, y, batch_size=32, shuffle=False, verbose=0)
    return [w.tolist() for w in model.get_weights()]

two = strategies.strategy("auto")
assert two.num_replicas_in_sync == 2
print(json.dumps([train(tf.distribute.get_strategy()), train(two)]))
"""


def batches():
    """Return forty batches of pictures whose side tells their class."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 100, (64, 32, 32, 1)).astype("float32")
    y = rng.integers(0, 2, 64)
    x[y == 1, :, :16] += 150
    return tf.data.Dataset.from_tensors((x, y)).repeat(40)


@pytest.mark.parametrize(
    "precision", ["float32", "mixed_bfloat16", "mixed_float16"]
)
def test_lenet5_learns_with_xla(precision):
    given = config.FitConfig(precision=precision, steps_per_execution=2)
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(0)
    model = models.build("lenet5", (32, 32, 1), 2, mean=[80.0], std=[70.0])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metrics = [keras.metrics.SparseCategoricalAccuracy("accuracy")]
    compiling.compile(model, loss, records.Metrics(metrics), given, 40)
    assert model.jit_compile
    data = strategies.batches(model.distribute_strategy, batches)
    found = model.fit(data, steps_per_epoch=40, verbose=0, shuffle=False)
    (accuracy,) = found.history["accuracy"]
    assert accuracy > 0.9
    assert all("GPU" in w.value.device for w in model.trainable_weights)


def test_batches_wait_on_the_gpu():
    strategy = tf.distribute.get_strategy()
    data = strategies.batches(strategy, batches)
    for (x, y), (want, label) in zip(data, batches(), strict=True):
        assert "GPU" in x.backing_device and "GPU" in y.backing_device
        np.testing.assert_array_equal(x, want)
        np.testing.assert_array_equal(y, label)


def test_two_logical_gpus_equal_one():
    done = subprocess.run(
        [sys.executable, "-c", REPLICAS], capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    one, two = json.loads(done.stdout.splitlines()[-1])
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
