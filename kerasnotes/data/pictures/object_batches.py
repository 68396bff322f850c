"""Pictures with one object or none as batches."""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnotes import ops
from kerasnotes.data.pictures import box_batches


def one_object(examples):
    """Return `BoxExamples` with the largest object of each picture alone.

    Regions of several (`crowd`), and objects that aren't to count
    (`difficult`), come after all others.

    Args:
        examples: the `BoxExamples`; where a picture has several objects, the
            notes of what is returned say so.

    >>> from kerasnotes.data.pictures.box_examples import BoxExamples
    >>> ragged = tf.RaggedTensor.from_row_lengths
    >>> examples = BoxExamples(
    ...     np.zeros((2, 8, 8, 1), "uint8"), ragged([0, 1], [2, 0]),
    ...     ["a", "b"], ["cell", "grain"],
    ...     boxes=ragged([[1.0, 1, 4, 4], [0, 0, 8, 8]], [2, 0]))
    >>> one_object(examples).labels.to_list()
    [[1], []]
    """
    lengths = examples.labels.row_lengths().numpy()
    owners = np.repeat(np.arange(len(lengths)), lengths)
    boxes = examples.boxes.flat_values.numpy()
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    last = (examples.crowd | examples.difficult).flat_values.numpy()
    order = np.lexsort((-areas, last, owners))
    _, first = np.unique(owners[order], return_index=True)
    objects = order[first]
    names = ("labels", "boxes", "difficult", "crowd", "points", "visible")
    values = {
        name: tf.RaggedTensor.from_row_lengths(
            tf.gather(getattr(examples, name).flat_values, objects),
            np.minimum(lengths, 1),
        )
        for name in names
    }
    several = int((np.bincount(owners[~last], minlength=1) > 1).sum())
    notes = list(examples.notes)
    if several:
        notes.append(
            f"{several:,} of {len(lengths):,} pictures have several objects: "
            "the largest of each is the one to be found"
        )
    return dataclasses.replace(examples, notes=notes, **values)


class ObjectSplit(box_batches.BoxSplit):
    """A part of pictures with one object or none.

    Batches are `(x, y, w)`, with the vectors of `ops.notes_target` for y,
    float32 `[b, 5 + n + 2K]`: n is the number of classes, 0 where there is
    one, and landmarks that can't be seen are NaN. An object of which
    augmentation leaves too little is none.

    Args:
        examples: the `BoxExamples` it is a part of, as of `one_object`.
        indices: see `BoxSplit`.
        augment: see `BoxSplit`; one that mixes no pictures.
        weights: see `BoxSplit`.

    >>> from kerasnotes.data.pictures.box_examples import BoxExamples
    >>> ragged = tf.RaggedTensor.from_row_lengths
    >>> examples = BoxExamples(
    ...     np.zeros((2, 8, 8, 1), "uint8"), ragged([0], [1, 0]),
    ...     ["a", "b"], ["cell"], boxes=ragged([[2.0, 0, 6, 4]], [1, 0]))
    >>> ((_, y, _),) = ObjectSplit(examples, [0, 1]).evaluation_batches(2)
    >>> y.numpy().tolist()
    [[1.0, 0.5, 0.25, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """

    def subset(self, indices):
        return ObjectSplit(
            self.examples,
            self.indices[indices],
            self._augment,
            self.weights[indices],
        )

    def fetch(self, indices, numbers):
        x, y, w = self.objects(indices, numbers)
        return x, vectors(y, self.examples), w


def vectors(objects, examples):
    """Return the vectors of the objects of a batch, float32 `[b, …]`.

    Args:
        objects: the ragged y of a `BoxSplit`, of one object or none each.
        examples: the `BoxExamples` that the batch is of.
    """
    rows = {
        name: _row(value, -1 if name == "labels" else 0)
        for name, value in objects.items()
    }
    names = examples.class_names
    return ops.notes_target(
        rows["boxes"],
        rows["labels"],
        len(names) if len(names) > 1 else 0,
        rows.get("points"),
        rows.get("visible"),
        image_shape=examples.images.shape[1:],
    )


def _row(value, padding):
    """Return the first entry of each row of a ragged tensor."""
    dense = value.to_tensor(
        tf.cast(padding, value.dtype), shape=[None, 1, *value.shape[2:]]
    )
    return dense[:, 0]
