"""TensorFlow Datasets by their names, downloaded only if they are missing."""

import contextlib
import tempfile
import threading
import urllib.error
import urllib.request

import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import errors

_HOST = "https://storage.googleapis.com"
SIDES = {"train": "train", "test": "test", "validation": "dev", "dev": "dev"}


def read(name, data_dir, check, function, builtin, wanted):
    """Return what `function` makes of a set's builder.

    Args:
        name: `name[/config][:version]`.
        data_dir: TFDS's folder; its own default if None.
        check: takes the builder, and raises a UserError if it holds what
            isn't wanted; called before anything is downloaded.
        function: takes the prepared builder.
        builtin: the name of our own set, beside TFDS's.
        wanted: what a user may give: `"…, a TFDS name of …, or a folder"`.

    Raises:
        UserError: no such set, or it is missing and can't be downloaded.
    """
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError as error:
        raise _unknown(name, builtin, wanted) from error
    except Exception as error:
        raise _refused(name, error) from error
    check(builder)
    try:
        try:
            return function(builder)
        except NotImplementedError as error:
            stored = builder.info.file_format.value
            raise errors.UserError(
                f"--dataset: {name} is stored as {stored} in "
                f"{builder.data_path}, which tf.data doesn't read; prepare it "
                "as tfrecord in another --data_dir"
            ) from error
        except AssertionError:  # It isn't prepared.
            _download(name, builder)
        return function(builder)
    except tf.errors.OpError as error:
        raise _refused(name, error) from error


def read_own(builder_class, data_dir, function):
    """Return what `function` makes of the builder of a set of our own.

    It is prepared at the first use, where `data_dir` can't be written in a
    temporary folder, which is gone afterwards.

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


def splits(builder):
    """Return the dictionary of side to TFDS's name of the split.

    Raises:
        UserError: there is no train split.
    """
    # A set that was never prepared doesn't know its splits.
    names = list(builder.info.splits) or ["train"]
    if "train" not in names:
        raise errors.UserError(
            f"--dataset: {builder.name} has no train split, but "
            f"{', '.join(names)}."
        )
    return {SIDES[name]: name for name in names if name in SIDES}


def _unknown(name, builtin, wanted):
    known = {builtin, *tfds.list_builders(with_community_datasets=False)}
    near = errors.did_you_mean(name.split("/")[0], known)
    hint = near and f"{near} "
    return errors.UserError(
        f"--dataset: unknown {name!r}; {hint}Give {builtin!r}, {wanted}."
    )


def _refused(name, error):
    base, _, config = name.partition("/")
    if isinstance(error, ValueError) and config:
        configs = tfds.builder_cls(base).builder_configs
        return errors.unknown(
            "--dataset", name, [f"{base}/{c}" for c in configs]
        )
    reason = str(error).strip().split("\n")[0]
    return errors.UserError(f"--dataset: {name}: {reason}")


def _download(name, builder):
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        raise errors.UserError(
            f"--dataset: {name} must be downloaded by hand, as "
            f"https://www.tensorflow.org/datasets/catalog/{builder.name} says."
        )
    if not online():
        raise errors.UserError(
            f"--dataset: {name} is not in {builder.data_dir} and there is no "
            "network to download it; give another --data_dir, or a folder."
        )
    try:
        builder.download_and_prepare()
    except Exception as error:
        raise _refused(name, error) from error


def online(seconds=4.0):
    """Says whether the network answers, within a few seconds.

    TFDS itself tries for minutes before it gives up. Proxies that the
    environment names are used.

    Args:
        seconds: how long to wait.
    """
    answers = []

    def ask():
        try:
            urllib.request.urlopen(_HOST, timeout=seconds).close()
        except urllib.error.HTTPError:
            pass
        except OSError:
            return
        answers.append(True)

    # A name server that hangs is beyond the timeout's reach.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answers)
