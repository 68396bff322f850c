"""TFDS sets of our own, prepared at the first use."""

import contextlib
import tempfile

import tensorflow as tf
import tensorflow_datasets as tfds


def read(builder_class, data_dir, function):
    """Returns what `function` makes of a set's builder.

    Where `data_dir` can't be written, the set is prepared in a temporary
    folder, which is gone afterwards.

    Args:
        builder_class: the set's builder class.
        data_dir: TFDS's folder; its own default if None.
        function: takes the prepared builder.
    """
    try:
        return function(_prepared(builder_class, data_dir))
    except (OSError, tf.errors.OpError):
        with tempfile.TemporaryDirectory() as folder:
            return function(_prepared(builder_class, folder))


def _prepared(builder_class, data_dir):
    builder = builder_class(data_dir=data_dir)
    if not builder.is_prepared():
        tfds.disable_progress_bar()
        with contextlib.redirect_stdout(None):  # It speaks of downloading.
            builder.download_and_prepare()
        tfds.enable_progress_bar()
    return builder
