"""Whether XLA compiles a run's steps."""

import contextlib
import re
import warnings

import keras
import tensorflow as tf

from kerasnotes import errors


def jit_compile(model, config):
    """Return what `compile` takes as `jit_compile`.

    `--jit_compile=auto` has XLA on one GPU, but not for a model that takes
    batches of many lengths, for each of which XLA compiles anew. On a CPU it
    most often slows a step, and a strategy has none.

    Args:
        model: the model that is to be compiled.
        config: the run's `Config`.

    >>> from kerasnotes.training.run import config
    >>> jit_compile(None, config.FitConfig(jit_compile="false"))
    False
    """
    if config.jit_compile != "auto":
        return config.jit_compile == "true"
    if tf.distribute.has_strategy() or not tf.config.list_logical_devices(
        "GPU"
    ):
        return False
    lengths = keras.tree.flatten([x.shape[1:] for x in model.inputs])
    # Keras' own, not where a layer forbids it.
    return False if None in lengths else "auto"


@contextlib.contextmanager
def verify_compiled(model, config):
    """Compare what `compile` made of `jit_compile` with what was asked for.

    Args:
        model: the model that is compiled meanwhile.
        config: the run's `Config`.

    Raises:
        UserError: Keras leaves XLA out, which is asked for.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Model doesn't support `jit_compile")
        yield
    if config.jit_compile != "true" or model.jit_compile:
        return
    if config.deterministic == "true":
        raise errors.UserError(
            "--jit_compile=true: Keras has no XLA with --deterministic=true; "
            "leave one of them out"
        )
    raise errors.UserError(
        f"--jit_compile=true: Keras has no XLA for a layer of {model.name}, or "
        "after a bit-identical run in the same process; leave it out"
    )


@contextlib.contextmanager
def explain_errors(config):
    """Explains in one line that XLA can't compile a model.

    Args:
        config: the run's `Config`.

    Raises:
        UserError: see above.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if "tf2xla" not in str(error):
            raise
        names = sorted(set(re.findall(r"(\w+) \(No reg", str(error))))
        reason = f": it has no {', '.join(names)}" if names else ""
        raise errors.UserError(
            f"--jit_compile={config.jit_compile}: XLA can't compile this "
            f"model{reason}; give --jit_compile=false"
        ) from error
