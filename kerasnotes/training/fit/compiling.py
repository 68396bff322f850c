"""From a Config to devices, an optimiser and a compiled model."""

import keras
import tensorflow as tf

from kerasnotes import errors, optimizers
from kerasnotes.training.distribute import replicas, strategies
from kerasnotes.training.fit import nudging, xla


def configure(config):
    """Set devices, precision and determinism."""
    strategies.configure(config)
    # Layers are named as in a new process, and checkpoints by their names.
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy(config.precision)
    on_cpu = not tf.config.list_physical_devices("GPU")
    if config.deterministic == "true" or (
        # Keras has no XLA then, which may be asked for.
        config.deterministic == "auto"
        and on_cpu
        and config.jit_compile != "true"
    ):
        tf.config.experimental.enable_op_determinism()


class _ClipSummed:
    """Clips the gradient after the sum over replicas.

    Keras clips each replica's share, which makes two replicas unequal to one.
    """

    clip_summed = None

    def apply(self, grads, trainable_variables=None):
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        if replicas > 1:
            grads = context.all_reduce(tf.distribute.ReduceOp.SUM, grads)
        # An embedding's come as rows, one for each time that one was read.
        grads = self.clip_summed([tf.convert_to_tensor(g) for g in grads])
        # The optimiser sums over replicas once more.
        grads = [g / tf.cast(replicas, g.dtype) for g in grads]
        super().apply(grads, trainable_variables)


def _clip(config):
    """Return the function that clips gradients as the flags say, or None."""
    norm, value = config.clip_norm, config.clip_value
    if norm:
        return lambda grads: tf.clip_by_global_norm(grads, norm)[0]
    if value:
        return lambda grads: [tf.clip_by_value(g, -value, value) for g in grads]
    return None


_OWN_FLAGS = {
    "use_ema": "--weight_average",
    "clipnorm": "--clip_norm",
    "clipvalue": "--clip_value",
    "global_clipnorm": "--clip_norm",
}

# Weights of averages. Ftrl's `beta` and Adafactor's `beta_2_decay` are none.
_AVERAGES = (
    "beta_1",
    "beta_2",
    "adam_beta_1",
    "adam_beta_2",
    "momentum",
    "rho",
)


def check_optimizer(config):
    """Make one step with the optimiser of the flags, outside of any scope.

    Raises:
        UserError: its name or an argument is refused.
    """
    try:
        with errors.as_flags(spec="--optimizer"):
            candidate = optimizers.get(config.optimizer, config.learning_rate)
        candidate.apply([keras.ops.array([0.0])], [keras.Variable([1.0])])
    except errors.UserError:
        raise
    except (TypeError, ValueError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise errors.UserError(
            f"--optimizer={config.optimizer}: an argument doesn't fit: {reason}"
        ) from error
    for name, flag in _OWN_FLAGS.items():
        if candidate.get_config().get(name):
            raise errors.UserError(
                f"--optimizer={config.optimizer}: {name} has a flag of its "
                f"own, which counts over all replicas: {flag}"
            )
    for name in _AVERAGES:
        value = candidate.get_config().get(name) or 0
        if not 0 <= value < 1:
            raise errors.UserError(
                f"--optimizer={config.optimizer}: {name} must be in [0, 1). "
                f"Received: {value}"
            )


def _warmup(config):
    """Return the epochs of warm-up: to a cosine half of them at most.

    It ends at 0, from which a longer warm-up would hardly rise.
    """
    most, asked = config.epochs / 2, config.warmup_epochs
    if "cosine" not in config.lr_schedule or asked <= most:
        return asked
    print(
        f"--warmup_epochs={asked:g}: is {most:g} here, half of "
        f"--epochs={config.epochs}"
    )
    return most


def optimizer(config, steps_per_epoch):
    """Return the optimiser that the flags describe."""
    with errors.as_flags(spec="--lr_schedule"):
        rate = optimizers.schedules.get(
            config.lr_schedule,
            config.learning_rate,
            steps_per_epoch,
            config.epochs,
            _warmup(config),
        )
    if callable(rate):
        rate = nudging.Scaled(rate)
    with errors.as_flags(spec="--optimizer"):
        result = optimizers.get(config.optimizer, rate)
    kind, settings = type(result), result.get_config()
    # Not by how many the process has made: checkpoints hold it.
    settings["name"] = "optimizer"
    if config.weight_average is not None:
        if not 0 < config.weight_average < 1:
            raise errors.UserError(
                "--weight_average: β lies between 0 and 1. "
                f"Received: {config.weight_average}"
            )
        settings.update(use_ema=True, ema_momentum=config.weight_average)
    clip = _clip(config)
    if clip:
        clipped = {"clip_summed": staticmethod(clip)}
        kind = type(kind.__name__, (_ClipSummed, kind), clipped)
    result = kind.from_config(settings)
    if config.precision == "mixed_float16":
        result = replicas.LossScale(result, name="loss_scale")
    return result


def compile(model, loss, metrics, config, steps_per_epoch):
    """Compiles `model` for training; call it in the strategy's scope.

    Args:
        model: the model.
        loss: its loss.
        metrics: the `records.Metrics`.
        config: the run's `Config`.
        steps_per_epoch: whole batches of an epoch.
    """
    replicas.synchronize(model)
    with xla.verify_compiled(model, config):
        model.compile(
            optimizer=optimizer(config, steps_per_epoch),
            loss=loss,
            metrics=metrics.plain,
            weighted_metrics=metrics.weighted,
            jit_compile=xla.jit_compile(model, config),
            steps_per_execution=together(config, steps_per_epoch),
            # Where it is needed, the optimiser does it already.
            auto_scale_loss=False,
        )
    model.optimizer.build(model.trainable_variables)


def together(config, steps):
    """Return how many steps run in one call, that these be of whole calls.

    Keras fills the last call of an epoch from the next one.

    Args:
        config: the run's `Config`.
        steps: steps of an epoch, or what is left of one.
    """
    asked = config.steps_per_execution
    divisor = next(n for n in range(asked, 0, -1) if not steps % n)
    if divisor < asked:
        print(
            f"--steps_per_execution={asked}: {divisor} run in one call, so "
            f"that an epoch stays {steps} steps"
        )
    return divisor


def keep_together(model, config, steps):
    """Make an epoch's rest of whole calls too; see `together`.

    A run may go on with another number of steps in a call.
    """
    if steps % model.steps_per_execution:
        model.steps_per_execution = together(config, steps)
        model.make_train_function(force=True)
        model.make_test_function(force=True)
