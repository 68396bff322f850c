"""Pictures with proposed regions as batches, for R-CNN and Fast R-CNN."""

import tensorflow as tf

from kerasnotes import ops
from kerasnotes.data.pictures import box_batches, region_batches

# A proposal goes through everything that an object does, under this label.
_PROPOSAL = -3


class ProposalSplit(region_batches.RegionSplit):
    """A part of pictures, each with the regions that a segmentation proposes.

    Batches are `(x, y, w)`. x is a dictionary: `pixels`, and `boxes`, `xyxy`
    in pixels, float32 `[b, n, 4]`, padded with 0. y has the objects, as a
    stage of `RegionSplit`. Regions follow the augmentation as objects do.

    As they are, pictures have all of their regions. In training they have
    `sample` of these and of the true boxes, drawn at random for each picture
    and epoch: a `share` at most that overlap an object by an IoU of
    `positive` or more, and else such as overlap one by `lowest` to
    `positive`.

    Args:
        examples: the `BoxExamples` it is a part of.
        indices: which of them.
        proposals: of each example, ragged float32 `[n, (k), 4]` in pixels of
            `examples.images`; of those that `indices` leaves out, none.
        most: regions of a picture as it is.
        sample: regions of a picture in training.
        share: see above.
        positive: see above.
        lowest: see above.
        **options: of `BoxSplit`.

    Source: Girshick, Fast R-CNN (2015), section 2.3.
    """

    def __init__(
        self,
        examples,
        indices,
        proposals,
        most,
        sample=64,
        share=0.25,
        positive=0.5,
        lowest=0.1,
        **options,
    ):
        super().__init__(examples, indices, **options)
        self.proposals, self.most, self._options = proposals, most, options
        self._sampling = {
            "sample": sample,
            "share": share,
            "positive": positive,
            "lowest": lowest,
        }
        self._targets = {
            name: tf.concat([value, _of_proposals(name, proposals)], 1)
            for name, value in self._targets.items()
        }
        # One more for the sample.
        self.width += 1

    def subset(self, indices):
        weights = {"weights": self.weights[indices]}
        return ProposalSplit(
            self.examples,
            self.indices[indices],
            self.proposals,
            self.most,
            **self._sampling,
            **self._options | weights,
        )

    def objects(self, indices, numbers):
        x, y, w = super().objects(indices, numbers)
        return x, box_batches.left(y, y["labels"] != _PROPOSAL), w

    def fetch(self, indices, numbers):
        x, y, w = super().objects(indices, numbers)
        is_proposal = y["labels"] == _PROPOSAL
        boxes = box_batches.left({"boxes": y["boxes"]}, is_proposal)["boxes"]
        y = box_batches.left(y, tf.logical_not(is_proposal))
        truth = region_batches.rows(self.padded(y, numbers))
        if numbers is None:
            boxes = boxes.to_tensor(0.0, shape=[None, self.most, 4])
        else:
            boxes = self._sampled(boxes, truth, numbers[:, -1])
        return {"pixels": x, "boxes": boxes}, truth, w

    def _augmented(self, x, y, w, numbers):
        return super()._augmented(x, y, w, numbers[:, :-1])

    def _sampled(self, boxes, truth, numbers):
        """Return the regions of a training batch, `[b, sample, 4]`."""
        sample, share = self._sampling["sample"], self._sampling["share"]
        objects, labels = truth[..., :4], tf.cast(truth[..., 4], tf.int32)
        boxes = tf.concat([boxes.to_tensor(0.0), objects], 1)
        # That there are enough to draw from.
        boxes = tf.pad(boxes, [[0, 0], [0, sample], [0, 0]])
        match = ops.match_regions(
            boxes,
            objects,
            labels,
            positive=self._sampling["positive"],
            negative=self._sampling["positive"],
            lowest=self._sampling["lowest"],
        )
        chance = tf.map_fn(
            lambda number: tf.random.stateless_uniform(
                tf.shape(boxes)[1:2], [tf.bitcast(number, tf.int32), 0]
            ),
            numbers,
        )
        positive = tf.where(match["positive"], chance, -1.0)
        last = tf.math.top_k(positive, int(sample * share)).values[:, -1:]
        drawn = match["positive"] & (positive >= last)
        rank = tf.where(match["negative"], chance, -1.0)
        rank, places = tf.math.top_k(
            tf.where(drawn, chance + 1.0, rank), sample
        )
        boxes = tf.gather(boxes, places, batch_dims=1)
        return tf.where(rank[..., None] >= 0, boxes, 0.0)


def _of_proposals(name, proposals):
    """Return what proposals have in place of an object's annotation."""
    if name == "boxes":
        return proposals
    # They are neither difficult nor a crowd.
    value = tf.constant(_PROPOSAL, tf.int64) if name == "labels" else False
    count = proposals.flat_values.shape[0]
    return proposals.with_values(tf.fill([count], value))
