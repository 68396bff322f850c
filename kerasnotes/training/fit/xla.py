"""Whether XLA compiles a run's steps."""

import contextlib
import re
import warnings

import tensorflow as tf

from kerasnotes import errors

# Less isn't worth the wait for compilation; nor are fewer steps.
_SPEED, _STEPS = 1.05, 1000


def wanted(model, config, steps):
    """Returns what `compile` takes as `jit_compile`.

    `--jit_compile=auto` has XLA where `benchmarks/xla.py` found it faster; on
    a GPU also where nobody has measured. Under a strategy it has none, nor
    where runs are bit-identical: Keras leaves it out there.

    Args:
        model: the model, whose `xla_speed(kind)`, if it has one, gives a
            step's speed with XLA over that without on a `"CPU"` or `"GPU"`,
            or None.
        config: the run's `Config`.
        steps: steps of the whole run.

    >>> from kerasnotes.training import config
    >>> wanted(None, config.Config(jit_compile="false"), 10**6)
    False
    """
    if config.jit_compile != "auto":
        return config.jit_compile == "true"
    if tf.distribute.has_strategy():
        return False
    on_gpu = bool(tf.config.list_logical_devices("GPU"))
    speed = getattr(model, "xla_speed", lambda kind: None)
    speed = speed("GPU" if on_gpu else "CPU")
    if on_gpu:
        # Keras' own, not where a layer forbids it.
        return "auto" if speed is None or speed > _SPEED else False
    return speed is not None and speed > _SPEED and steps >= _STEPS


@contextlib.contextmanager
def checked(model, config):
    """Compares what `compile` made of `jit_compile` with what was asked for.

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
def told(config):
    """Tells in one line of a model that XLA can't compile.

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
