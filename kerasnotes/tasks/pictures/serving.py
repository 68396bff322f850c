"""The functions that a served model of pictures answers with."""

import functools
import pathlib

import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.common import file_sets
from kerasnotes.data.pictures import decode, inspect
from kerasnotes.training import records


def signatures(model, answer, shape, resize, activation=tf.nn.softmax):
    """Return the signatures of a model of pictures.

    `serving_default` takes `image_bytes`, encoded pictures, and `images`
    uint8 pictures of one size, whatever it is: both give what `answer`
    makes of the probabilities. `model_inputs` takes `pixels`, float32
    0–255 at the model's size, and gives `probabilities`.

    Args:
        model: the model, that returns logits.
        answer: a function of probabilities `[b, outputs]` that returns a
            dictionary of tensors.
        shape: height, width and channels of the model's input.
        resize: how pictures come to that size, see `decode.resize`.
        activation: what makes probabilities of logits.
    """
    *size, channels = shape

    # Traced once, and once in a SavedModel, for all signatures.
    @tf.function(
        input_signature=[tf.TensorSpec([None, *shape], tf.float32)],
        autograph=False,
    )
    def probabilities(pixels):
        logits = tf.cast(model(pixels, training=False), tf.float32)
        return activation(logits)

    def resized(pictures):
        pixels = decode.resize(pictures, size, channels, resize)
        return tf.cast(pixels, tf.float32)

    def from_bytes(image_bytes):
        spec = tf.TensorSpec(shape, tf.float32)
        pixels = tf.map_fn(
            lambda encoded: resized(decode.decode(encoded)),
            image_bytes,
            fn_output_signature=spec,
        )
        return answer(probabilities(pixels))

    def signature(function, shape, dtype, name):
        spec = tf.TensorSpec([None, *shape], dtype, name)
        return records.Signature(function, (spec,))

    any_size = [None, None, channels]
    return {
        "serving_default": signature(from_bytes, [], tf.string, "image_bytes"),
        "images": signature(
            lambda images: answer(probabilities(resized(images))),
            any_size,
            tf.uint8,
            "images",
        ),
        "model_inputs": signature(
            lambda pixels: {"probabilities": probabilities(pixels)},
            shape,
            tf.float32,
            "pixels",
        ),
    }


def classes(names, probabilities):
    """Return the names beside each example's probabilities, `[b, outputs]`.

    Outputs that aren't batched have no place in TensorFlow Serving's rows.

    Args:
        names: the name of each output.
        probabilities: `[b, outputs]`.
    """
    return tf.broadcast_to(tf.constant(names), tf.shape(probabilities))


def answers(serve, paths):
    """Yield the path of each picture, and what is served for it.

    That is a dictionary of tensors, of one example each, or one with an
    `error`.

    Args:
        serve: the function of `serving_default`.
        paths: files and folders of pictures.

    Raises:
        UserError: a folder holds none.
    """
    serve = tf.function(
        serve, input_signature=[tf.TensorSpec([None], tf.string)]
    )
    for path, read in _inputs(paths):
        try:
            answer = serve(tf.constant([inspect.prepare(read(), path)]))
        except errors.UserError as error:
            reason = str(error).removeprefix(f"{path}: ")
            answer = {"error": reason}
        except OSError as error:
            answer = {"error": error.strerror}
        except tf.errors.InvalidArgumentError:
            answer = {"error": "broken: it can't be decoded"}
        yield path, answer


def _inputs(paths):
    """Yield the path of each picture, and what reads its bytes."""
    for path in paths:
        path = pathlib.Path(path)
        if not path.is_dir():
            yield str(path), path.read_bytes
            continue
        try:
            inside = file_sets.Files(path)
        except errors.UserError as error:
            raise errors.UserError(f"{path}: holds no pictures") from error
        names = [name for name in inside.names if _may_be(inside, name)]
        if not names:
            raise errors.UserError(f"{path}: holds no pictures")
        for name in names:
            yield str(path / name), functools.partial(inside.read, name)


def _may_be(files, name):
    """Return whether a file is a picture, or says why not when it is read."""
    try:
        return inspect.is_picture(files.read(name, 12))
    except OSError:
        return True
