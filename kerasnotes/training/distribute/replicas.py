"""What makes steps on several replicas equal those on one device.

Most equals of itself: each replica divides its loss by the examples of the
whole batch, gradients are summed before the optimiser sees them, and metrics
sum their counts when they are read. The rest is mended here, or refused.
Random layers can't be equal: each replica draws by itself, for its part of
the batch.
"""

import functools

import keras
import tensorflow as tf

from kerasnotes import errors, keras_private, optimizers
from kerasnotes.training.run import config as config_lib

# Keras raises under a strategy, from within a step.
_OF_ONE_DEVICE = ("ema_overwrite_frequency", "gradient_accumulation_steps")


def check(config, strategy):
    """Refuses what several replicas can't do as one device does.

    Args:
        config: the run's `Config`.
        strategy: the `tf.distribute.Strategy` it trains under.

    Raises:
        UserError: a flag is refused.
    """
    count = strategy.num_replicas_in_sync
    if count == 1:
        return
    everything = config.batch_size == config_lib.ALL
    if config.batch_size % count and not everything:
        raise errors.UserError(
            f"--batch_size={config.batch_size}: {count} replicas share each "
            f"batch; give a multiple of {count}"
        )
    if config.jit_compile == "true":
        raise errors.UserError(
            f"--jit_compile=true: XLA compiles a step for one device, and "
            f"there are {count} replicas; leave it out, or give "
            "--strategy=one_device"
        )
    with errors.as_flags(spec="--optimizer"):
        optimizer = optimizers.get(config.optimizer, config.learning_rate)
    settings = optimizer.get_config()
    for name in _OF_ONE_DEVICE:
        if settings.get(name):
            raise errors.UserError(
                f"--optimizer={config.optimizer}: Keras has {name} on one "
                f"device alone, and there are {count} replicas; leave it out"
            )


def synchronize(model):
    """Make batch norm take its statistics over all replicas of the scope.

    Where there is one, it takes them as Keras does anyway; so a model that is
    saved should have been through here outside of any scope: a batch norm
    that is synchronised loads on TensorFlow alone. Random layers draw by
    themselves on each replica from then on.

    Args:
        model: a model, whose batch norms may be nested in other layers.

    >>> norm = keras.layers.BatchNormalization(synchronized=True)
    >>> synchronize(keras.Sequential([norm]))
    >>> norm.synchronized
    False
    """
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    for layer in keras_private.flatten_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = several
    if several:
        _draw_apart()


def _draw_apart():
    """Mends Keras, whose dropout drops the same units on every replica.

    Their shares of a gradient err alike then, and don't even out.
    """
    stock = keras.random.SeedGenerator.next
    if hasattr(stock, "__wrapped__"):
        return

    @functools.wraps(stock)
    def draw(self, ordered=True):
        seed = stock(self, ordered)
        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            return seed
        replica = tf.cast(context.replica_id_in_sync_group, seed.dtype)
        return seed + tf.stack([replica, tf.zeros_like(replica)])

    keras.random.SeedGenerator.next = draw


class LossScale(keras.optimizers.LossScaleOptimizer):
    """Scales the loss, and leaves a step out that overflows on any replica.

    Keras asks the first replica alone, before the gradients are summed: an
    overflow on another spoils all weights.
    """

    def check_finite(self, grads):
        """Return whether all gradients of all replicas are numbers."""
        finite = super().check_finite(grads)
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync == 1:
            return finite
        broken = tf.cast(tf.logical_not(finite), tf.int32)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, broken) == 0
