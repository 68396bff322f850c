"""The functions that a served model of pictures answers with."""

import functools
import itertools
import pathlib

import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.common import file_sets
from kerasnotes.data.pictures import decode, inspect
from kerasnotes.data.pictures import frames as box_frames
from kerasnotes.training import records

# A file of such a name that can't be read is told.
_ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp"),
    *(".tif", ".tiff", ".heic", ".avif"),
}


def signatures(
    model,
    answer,
    shape,
    resize,
    activation=tf.nn.softmax,
    output="probabilities",
    takes_boxes=False,
):
    """Return the signatures of a model of pictures.

    `serving_default` takes `image_bytes`, encoded pictures, and `images`
    uint8 pictures of one size, whatever it is: both give what `answer`
    makes of the model's outputs. `model_inputs` takes `pixels`, float32
    0–255 at the model's size, and gives these outputs.

    Args:
        model: the model.
        answer: a function of the outputs after `activation`, float32
            `[b, …]` or a dictionary of such, and of the heights and widths
            of the pictures sent, int32 `[b, 2]`, that returns a dictionary
            of tensors.
        shape: height, width and channels of the model's input.
        resize: how pictures come to that size, see `decode.resize`.
        activation: what makes probabilities of logits.
        output: what `model_inputs` calls them; those of a dictionary keep
            their names.
        takes_boxes: whether the model takes a dictionary of `pixels` and
            `boxes`; then each signature takes `boxes` too, float32 `[b, n, 4]`
            as left, top, right, bottom in pixels of what is sent.
    """
    *size, channels = shape
    more = [tf.TensorSpec([None, None, 4], tf.float32, "boxes")] * takes_boxes

    # Traced once, and once in a SavedModel, for all signatures.
    @tf.function(
        input_signature=[tf.TensorSpec([None, *shape], tf.float32), *more],
        autograph=False,
    )
    def outputs(pixels, *boxes):
        if boxes:
            pixels = {"pixels": pixels, "boxes": boxes[0]}
        return tf.nest.map_structure(
            lambda y: activation(tf.cast(y, tf.float32)),
            model(pixels, training=False),
        )

    def resized(pictures):
        pixels = decode.resize(pictures, size, channels, resize)
        return tf.cast(pixels, tf.float32)

    def decoded(encoded):
        picture = decode.decode(encoded)
        return resized(picture), tf.shape(picture)[:2]

    def moved(boxes, shapes):
        return [
            box_frames.resized_boxes(b, shapes, size, resize) for b in boxes
        ]

    def from_bytes(image_bytes, *boxes):
        pixels, shapes = tf.map_fn(
            decoded,
            image_bytes,
            fn_output_signature=(
                tf.TensorSpec(shape, tf.float32),
                tf.TensorSpec([2], tf.int32),
            ),
        )
        return answer(outputs(pixels, *moved(boxes, shapes)), shapes)

    def from_images(images, *boxes):
        sent = tf.shape(images)
        shapes = tf.tile(sent[None, 1:3], [sent[0], 1])
        boxes = moved(boxes, shapes)
        return answer(outputs(resized(images), *boxes), shapes)

    def signature(function, shape, dtype, name):
        spec = tf.TensorSpec([None, *shape], dtype, name)
        return records.Signature(function, (spec, *more))

    any_size = [None, None, channels]
    return {
        "serving_default": signature(from_bytes, [], tf.string, "image_bytes"),
        "images": signature(from_images, any_size, tf.uint8, "images"),
        "model_inputs": signature(
            lambda pixels, *boxes: _named(outputs(pixels, *boxes), output),
            shape,
            tf.float32,
            "pixels",
        ),
    }


def _named(outputs, name):
    return outputs if isinstance(outputs, dict) else {name: outputs}


def classes(names, probabilities):
    """Return the names beside each example's probabilities, `[b, outputs]`.

    Outputs that aren't batched have no place in TensorFlow Serving's rows.

    Args:
        names: the name of each output.
        probabilities: `[b, outputs]`.
    """
    return tf.broadcast_to(tf.constant(names), tf.shape(probabilities))


def names_of(labels, classes):
    """Return the names of labels, "" of -1: none.

    Args:
        labels: integers of any shape.
        classes: the name of each class.

    >>> names_of(tf.constant([1, -1]), ["cat", "dog"]).numpy().tolist()
    [b'dog', b'']
    """
    names = tf.constant([*classes, ""])
    return tf.gather(names, tf.where(labels < 0, len(classes), labels))


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


def free_name(path, taken):
    """Return a picture's name that no other of a command has had.

    Args:
        path: of the picture.
        taken: the set of names so far, to which this one is added.

    >>> taken = set()
    >>> free_name("a/1.png", taken), free_name("b/1.jpg", taken)
    ('1', '1-2')
    """
    stem = pathlib.Path(path).stem
    names = itertools.chain([stem], (f"{stem}-{i}" for i in itertools.count(2)))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


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
    if pathlib.PurePath(name).suffix.lower() in _ENDINGS:
        return True
    try:
        return inspect.is_picture(files.read(name, 12))
    except OSError:
        return True
