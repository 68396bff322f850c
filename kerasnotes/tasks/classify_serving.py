"""The functions that a served classifier answers with."""

import tensorflow as tf

from kerasnotes.data import images
from kerasnotes.training import task as task_lib


def signatures(model, classes, shape, resize):
    """Returns the signatures of a classifier of pictures.

    `serving_default` takes `image_bytes`, encoded pictures, and `images`
    uint8 pictures of one size, whatever it is: both give `label`,
    `probabilities` and `classes`. `model_inputs` takes `pixels`, float32
    0–255 at the model's size, and gives `probabilities`.

    Args:
        model: the model, that returns logits.
        classes: the names of the classes.
        shape: height, width and channels of the model's input.
        resize: how pictures come to that size, see `images.resize`.
    """
    *size, channels = shape
    names = tf.constant(classes)

    def probabilities(pixels):
        logits = tf.cast(model(pixels, training=False), tf.float32)
        return tf.nn.softmax(logits)

    def resized(pictures):
        pixels = images.resize(pictures, size, channels, resize)
        return tf.cast(pixels, tf.float32)

    def answer(pixels):
        shares = probabilities(pixels)
        return {
            "label": tf.gather(names, tf.argmax(shares, -1)),
            "probabilities": shares,
            "classes": names,
        }

    def from_bytes(image_bytes):
        spec = tf.TensorSpec(shape, tf.float32)
        pixels = tf.map_fn(
            lambda encoded: resized(images.decode(encoded)),
            image_bytes,
            fn_output_signature=spec,
        )
        return answer(pixels)

    def signature(function, shape, dtype, name):
        spec = tf.TensorSpec([None, *shape], dtype, name)
        return task_lib.Signature(function, (spec,))

    any_size = [None, None, channels]
    return {
        "serving_default": signature(from_bytes, [], tf.string, "image_bytes"),
        "images": signature(
            lambda images: answer(resized(images)),
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
