"""Pictures with boxes as batches for a detector of two stages."""

import tensorflow as tf

from kerasnotes.data.pictures import box_batches

# The label of what is no single object: see `losses.RegionLoss`.
CROWD = -2


class RegionSplit(box_batches.BoxSplit):
    """A part of pictures with boxes, each picture's in rows of its own.

    Batches are `(x, y, w)`, with y a dictionary of what each stage learns
    from, `anchors` and `regions`, both the same: float32 `[b, m, 5]`, a box as
    `xyxy` in pixels of x and its label, -1 where there is none, -2 of a crowd.

    Args:
        *arguments: of `BoxSplit`.
        with_truth: whether x is a dictionary, of `pixels` and of `boxes`, the
            true ones, `[b, m, 4]`, padded with 0.
        **options: of `BoxSplit`.

    >>> import numpy as np
    >>> from kerasnotes.data.pictures.box_examples import BoxExamples
    >>> ragged = tf.RaggedTensor.from_row_lengths
    >>> examples = BoxExamples(
    ...     np.zeros((2, 8, 8, 1), "uint8"), ragged([0], [1, 0]),
    ...     ["a", "b"], ["cell"], boxes=ragged([[2.0, 0, 6, 4]], [1, 0]))
    >>> ((_, y, _),) = RegionSplit(examples, [0, 1]).evaluation_batches(2)
    >>> y["regions"].numpy().tolist()
    [[[2.0, 0.0, 6.0, 4.0, 0.0]], [[-1.0, -1.0, -1.0, -1.0, -1.0]]]
    """

    def __init__(self, *arguments, with_truth=False, **options):
        super().__init__(*arguments, **options | {"padded": True})
        self._with_truth = with_truth

    @classmethod
    def of(cls, split, **options):
        """Return the examples of a `BoxSplit`, each picture's in rows.

        Args:
            split: the `BoxSplit`.
            **options: of this class, in place of the split's.
        """
        return cls(
            split.examples,
            split.indices,
            **{
                "augment": split._augment,
                "weights": split.weights,
                "mosaic": split._mosaic,
                "mosaic_epochs": split._mosaic_epochs,
            }
            | options,
        )

    def subset(self, indices):
        return type(self)(
            self.examples,
            self.indices[indices],
            self._augment,
            self.weights[indices],
            self._mosaic,
            self._mosaic_epochs,
            with_truth=self._with_truth,
        )

    def fetch(self, indices, numbers):
        x, y, w = super().fetch(indices, numbers)
        y = self.truth(y)
        if self._with_truth:
            x = {"pixels": x, "boxes": self.boxes(y["regions"])}
        return x, y, w

    def truth(self, y):
        """Return what each stage learns from, a dictionary.

        Args:
            y: the dense targets of a `BoxSplit`.
        """
        truth = rows(y)
        return {"anchors": truth, "regions": truth}

    def boxes(self, truth):
        """Return the boxes that the training model looks at.

        Args:
            truth: what `rows` returns.
        """
        return tf.where(truth[..., 4:] >= 0, truth[..., :4], 0.0)


def rows(y):
    """Return the objects of pictures as rows, float32 `[b, m, 5]`.

    Args:
        y: the dense targets of a `BoxSplit`.
    """
    labels = tf.where(
        tf.logical_and(y["crowd"], y["labels"] >= 0),
        tf.constant(CROWD, y["labels"].dtype),
        y["labels"],
    )
    labels = tf.cast(labels, tf.float32)[..., None]
    return tf.concat([tf.cast(y["boxes"], tf.float32), labels], -1)
