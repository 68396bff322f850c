"""Where steps run: one device, several, several machines, a TPU."""

import functools

import tensorflow as tf

from kerasnotes import errors
from kerasnotes.training.distribute import (
    clusters,
    rendezvous,
    replicas,
    tpu,
)
from kerasnotes.training.run import config as config_lib


def configure(config):
    """Make the devices and the strategy; before TensorFlow's first op.

    Args:
        config: the run's `Config`.

    Raises:
        UserError: what a flag or the environment names can't be had.
    """
    if config.logical_cpus > 1:
        _split_cpu(config.logical_cpus)
    strategy(config.strategy)


def _split_cpu(count):
    (cpu,) = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
    try:
        tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError as error:
        # A process that has begun keeps the devices that it has.
        if len(tf.config.list_logical_devices("CPU")) != count:
            raise errors.UserError(
                f"--logical_cpus={count}: TensorFlow has started with "
                f"{len(tf.config.list_logical_devices('CPU'))}; start a new "
                "process"
            ) from error


def strategy(name):
    """Return the `tf.distribute.Strategy` of that name.

    One of several machines, or of a TPU, is made once in a process.

    Args:
        name: `auto`, `one_device`, `mirrored`, `multi_worker` or `tpu`.

    Raises:
        UserError: the environment doesn't describe it.
    """
    if name == "auto":
        name = _best()
    if name == "one_device":
        return tf.distribute.get_strategy()
    makers = {"mirrored": _mirrored, "multi_worker": _multi_worker, "tpu": _tpu}
    return makers[name]()


def batch_size(config, most):
    """Return the batch size where there are few examples, and tell it.

    Args:
        config: the run's `Config`.
        most: how many there are.

    Returns:
        `config.batch_size`, or what is left of `most` where the replicas
        divide it.

    >>> from kerasnotes.training.run import config
    >>> batch_size(config.FitConfig(batch_size=64), 33)
    --batch_size=64: there are 33 examples to train on: 33 a step
    33
    """
    if config.batch_size <= most:
        return config.batch_size
    size = _shared(config, most)
    tell_batch_size(config, size, most)
    return size


def _shared(config, most):
    """Return what is left of `most` where the replicas divide it."""
    replicas = strategy(config.strategy).num_replicas_in_sync
    return max(most // replicas, 1) * replicas


def tell_batch_size(config, size, examples):
    """Print the batch size where it isn't the one of the flag."""
    if size < config.batch_size:
        print(
            f"--batch_size={config.batch_size}: there are {examples:,} "
            f"examples to train on: {size:,} a step"
        )


def training_batch(config, size):
    """Return the examples of a training step.

    Args:
        config: the run's `Config`.
        size: how many examples the training set has.

    Returns:
        `config.batch_size`; of `--batch_size=all` the training set, or what
        of it the replicas can share.

    >>> from kerasnotes.training.run import config
    >>> training_batch(config.FitConfig(batch_size=config.ALL), 33)
    33
    """
    if config.batch_size == config_lib.ALL:
        return _shared(config, size)
    return config.batch_size


def _best():
    """Return the name of the strategy that uses all there is."""
    if tpu.available():
        return "tpu"
    if clusters.workers() > 1:
        return "multi_worker"
    several = len(tf.config.list_logical_devices("GPU")) > 1
    several |= len(tf.config.list_logical_devices("CPU")) > 1
    return "mirrored" if several else "one_device"


def _mirrored():
    from kerasnotes.training.distribute import keras_patches

    keras_patches.mend()
    if tf.config.list_logical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    cpus = tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy(
        [cpu.name for cpu in cpus],
        # The default makes a second strategy of one process fail on CPUs.
        cross_device_ops=tf.distribute.ReductionToOneDevice(),
    )


def several_workers():
    """Return the strategy that spans several workers, if one was made."""
    return _multi_worker() if _multi_worker.cache_info().currsize else None


@functools.cache
def _multi_worker():
    from kerasnotes.training.distribute import keras_patches

    keras_patches.mend()
    resolver = clusters.resolver()
    print(f"workers: {', '.join(clusters.addresses())}", flush=True)
    rendezvous.meet(clusters.addresses(), clusters.place())
    return tf.distribute.MultiWorkerMirroredStrategy(resolver)


@functools.cache
def _tpu():
    return tpu.strategy()


def batches(strategy, make):
    """Return the training batches as `fit` takes them.

    Of several workers each makes only its own part of every batch.

    Args:
        strategy: the model's.
        make: a function of `share` that gives a `tf.data.Dataset`, as
            `Split.training_batches`.
    """
    if strategy is not several_workers():
        gpus = tf.config.list_logical_devices("GPU")
        # Strategies copy batches ahead themselves.
        alone = strategy is tf.distribute.get_strategy()
        return on_device(make(), gpus[0].name) if gpus and alone else make()

    def of_worker(context):
        count = context.num_input_pipelines
        replicas = context.num_replicas_in_sync // count

        def divided(tensor):
            shape = tf.concat([[replicas, -1], tf.shape(tensor)[1:]], 0)
            return tf.reshape(tensor, shape)

        # Of data with an end the workers ask one another at every step
        # whether any has a batch left; `fit` counts the steps.
        data = make(share=(context.input_pipeline_id, count)).repeat()
        if replicas == 1:
            return data
        # What each of its own devices takes in turn.
        return data.map(
            lambda *batch: tf.nest.map_structure(divided, batch)
        ).unbatch()

    return strategy.distribute_datasets_from_function(of_worker)


def on_device(data, device):
    """Return batches that are copied to a device while it works.

    It must be the last step of a pipeline. Text stays where it is, for a GPU
    holds none.

    Args:
        data: a `tf.data.Dataset`.
        device: the device's name.

    >>> (x,) = on_device(tf.data.Dataset.from_tensors(3), "/CPU:0")
    >>> int(x), x.device.endswith("CPU:0")
    (3, True)
    """
    kinds = [spec.dtype for spec in tf.nest.flatten(data.element_spec)]
    if tf.string in kinds:
        return data
    # Two, since they take the device's memory.
    return data.apply(tf.data.experimental.prefetch_to_device(device, 2))


def on_one_device(model):
    """Return a copy of a model of several devices on the first one."""
    copy = type(model).from_config(model.get_config())
    replicas.synchronize(copy)
    copy.set_weights(model.get_weights())
    for old, new in zip(model.layers, copy.layers, strict=True):
        # Penalties leave the weights of frozen layers out.
        new.trainable = old.trainable
    return copy
