"""What kinds of detectors differ in: network, targets, loss, decoding."""

import abc

from etils import epy

with epy.lazy_imports():
    from keras import ops as keras_ops

    from kerasnotes import ops
    from kerasnotes.tasks.detect import anchors


class Detector(abc.ABC):
    """A kind of detector; the task asks it for all that isn't the same.

    Args:
        config: the task's Config.

    Attributes:
        takes_boxes: whether the network takes regions beside pictures.
        takes_masks: whether it learns the pixels of objects.
    """

    takes_boxes = takes_masks = False

    def __init__(self, config):
        self.config = config

    def grids(self, facts):
        """Return the `ops.Grids` of the anchors.

        Args:
            facts: those of the data.
        """
        return ops.Grids(
            facts["input_shape"][:2],
            facts["strides"],
            facts["anchors"],
            len(facts["classes"]),
        )

    def facts(self, examples, indices):
        """Return what the data say of this kind, by default the anchors.

        Args:
            examples: the `BoxExamples`.
            indices: which of them train.
        """
        return {"anchors": anchors.choose(examples, indices, self.config)}

    def backbone_facts(self, facts):
        """Return facts of what the backbone sees: by default the pictures.

        Args:
            facts: those of the data.
        """
        return facts

    @abc.abstractmethod
    def split(self, split, facts, **mosaics):
        """Return the examples of a `BoxSplit` with what the network learns.

        Args:
            split: the `BoxSplit`.
            facts: those of the data.
            **mosaics: `mosaic` and `mosaic_epochs`, where there are such.
        """

    def training_split(self, split):
        """Return a split as the training model takes it, by default the same.

        Args:
            split: what `split` returned.
        """
        return split

    def training_model(self, model):
        """Return the model to train, on the layers of the network."""
        return model

    @abc.abstractmethod
    def network(self, backbone, facts, **options):
        """Return the network of a backbone.

        Args:
            backbone: a `Network` without its top.
            facts: those of the data.
            **options: arguments that all kinds have.
        """

    @abc.abstractmethod
    def loss(self, facts):
        """Return the loss to train with.

        Args:
            facts: those of the data.
        """

    @abc.abstractmethod
    def losses(self, facts):
        """Return a function of `(y, outputs)`: the loss of each picture.

        Args:
            facts: those of the data.
        """

    @abc.abstractmethod
    def decode(self, outputs, facts):
        """Return boxes and scores, as `ops.non_max_suppression` takes them.

        Args:
            outputs: of the network.
            facts: those of the data.

        Returns:
            `xyxy` within the picture, `(batch, n, 4)` or `(batch, n, classes,
            4)`, and `(batch, n, classes)`.
        """

    def candidates(self, outputs, facts):
        """Return what suppression chooses from: by default what is decoded.

        Args:
            outputs: of the network.
            facts: those of the data.
        """
        return self.decode(outputs, facts)

    def masks(self, outputs, left):
        """Return the masks of the boxes left, `(batch, k, s, s)`, from 0 to 1.

        By default there are none: s is 0.

        Args:
            outputs: of the network.
            left: what `ops.non_max_suppression` leaves of them.
        """
        return keras_ops.zeros_like(left["boxes"])[..., :0, None]

    def served(self, outputs, left, boxes, shapes):
        """Return what is served beside boxes, labels and scores.

        Args:
            outputs: of the network.
            left: see `masks`.
            boxes: of these, in pixels of the photos, over whose border they
                may reach.
            shapes: heights and widths of the photos, `(batch, 2)`.
        """
        return {}

    def painted(self, picture, tensors):
        """Return a photo with what isn't drawn as boxes, by default none.

        Args:
            picture: the photo, a uint8 array.
            tensors: what is served for it, a batch of one.
        """
        return picture

    def row(self, tensors, i):
        """Return what the row of a photo's object says beside its box.

        Args:
            tensors: see `painted`.
            i: the number of the object.
        """
        return {}

    def with_regions(self, serve, facts):
        """Return a function of encoded pictures alone, `[1]`.

        Args:
            serve: that of `serving_default`.
            facts: those of the data.
        """
        return serve

    def regions(self, outputs):
        """Return the regions that the network looked at, `(batch, n, 4)`.

        By default there are none: n is 0.

        Args:
            outputs: of the network.
        """
        return keras_ops.zeros_like(outputs[:, :0, :4])

    @abc.abstractmethod
    def limit(self, name, split, facts):
        """Return what is to be told before training of what limits it.

        Args:
            name: of the split.
            split: what `split` returned.
            facts: those of the data.
        """

    @abc.abstractmethod
    def scores(self, answers, facts):
        """Return the metrics that this kind alone has, a dictionary.

        Args:
            answers: the `Answers` to a split.
            facts: those of the data.
        """

    def review(self, answers, threshold, facts, folder):
        """Return the blocks that this kind alone has in the report.

        Args:
            answers: the `Answers` to dev.
            threshold: above which a box is answered.
            facts: those of the data.
            folder: the run's folder.
        """
        return []
