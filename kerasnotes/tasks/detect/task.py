"""Detection: all objects of a picture, by YOLO."""

import dataclasses
import math

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import boxes
from kerasnotes.tasks.detect import config

with epy.lazy_imports():
    import tensorflow as tf

    from kerasnotes import losses, models, ops, optimizers
    from kerasnotes.data.pictures import yolo_batches
    from kerasnotes.data.pictures.augmentation import mosaic
    from kerasnotes.diagnosis import intervals
    from kerasnotes.metrics import coco as coco_metrics
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.boxes import predictions
    from kerasnotes.tasks.boxes import review as box_review
    from kerasnotes.tasks.boxes import serving as box_serving
    from kerasnotes.tasks.detect import anchors, coco, review
    from kerasnotes.tasks.detect import answers as answers_lib
    from kerasnotes.tasks.pictures import serving
    from kerasnotes.training.distribute import strategies

_WITH_MOSAICS = 0.85
_MOST = 100


class Detect(boxes.BoxTask):
    """Pictures in, all of their objects out."""

    name = "detect"
    Config = config.Config

    def data(self, facts=None):
        # Before anything is read that they end.
        coco_metrics.require_pycocotools()
        data, config = super().data(facts), self.config
        grids = _grids(data.facts)
        splits = {
            name: yolo_batches.YoloSplit.of(
                split, grids, **(self._mosaic() if name == "train" else {})
            )
            for name, split in data.splits.items()
        }
        if not facts:
            for name in ("train", "dev"):
                limit = answers_lib.ceiling(splits[name], config)
                print(answers_lib.ceiling_text(name, limit))
        return dataclasses.replace(data, splits=splits)

    def read(self, dataset, size, channels):
        examples = super().read(dataset, size, channels)
        # Landmarks aren't answered: there is nothing to move along.
        none = {"point_names": [], "points": None, "visible": None}
        return dataclasses.replace(examples, **none)

    def _mosaic(self):
        """Return the arguments of mosaics."""
        config = self.config
        if not config.mosaic:
            return {}
        return {
            "mosaic": mosaic.Mosaic(config.mosaic),
            "mosaic_epochs": int(_WITH_MOSAICS * config.epochs),
        }

    def facts(self, source, target, parts, policy):
        facts = super().facts(source, target, parts, policy)
        counts = source.labels.row_lengths().numpy()[parts["train"]]
        return facts | {
            "strides": list(self.config.grid_strides()),
            "anchors": anchors.choose(source, parts["train"], self.config),
            "most_objects": int(counts.max(initial=1)),
        }

    def arguments(self, facts):
        arguments = super().arguments(facts)
        if "stages" in models.arguments_of(self.config.model):
            # One beyond the coarsest grid, of twice its stride.
            coarsest = max(self.config.grid_strides())
            arguments["stages"] = min(max(round(math.log2(coarsest)), 1), 4)
        return arguments

    def detector(self, backbone, facts):
        config = self.config
        names = ("strides", "anchors", "initializer")
        with errors.as_flags(*names):
            return models.Yolo(
                backbone,
                len(facts["classes"]),
                facts["anchors"],
                facts["strides"],
                filters=config.head_filters,
                initializer=config.initializer or "he",
                kernel_regularizer=optimizers.regularizers.l1_l2(
                    config.l1, config.l2, facts["train"]
                ),
                name=config.model,
            )

    def loss(self, facts):
        return self._loss(facts)

    def _loss(self, facts, **more):
        # A mosaic has the objects of four.
        most = facts["most_objects"] * (4 if self.config.mosaic else 1)
        return losses.YoloLoss(
            _grids(facts),
            box_loss=self.config.box_loss,
            box_weight=self.config.box_weight,
            max_objects=min(most, _MOST),
            **more,
        )

    def suppressed(self, outputs, facts, threshold):
        """Return the boxes left of the network's outputs.

        Args:
            outputs: of the network, `(batch, places, 5 + classes)`.
            facts: those of the data.
            threshold: above which a box stays.

        Returns:
            As `ops.non_max_suppression`, the boxes within the picture.
        """
        config = self.config
        boxes, scores = raw(outputs, facts)
        return ops.non_max_suppression(
            boxes,
            scores,
            threshold,
            config.iou_threshold,
            config.max_detections,
            config.suppression == "per_class",
        )

    def answers(self, trained, split):
        facts = trained.facts
        return answers_lib.answer(
            trained,
            split,
            self._loss(facts, reduction=None),
            lambda outputs: self.suppressed(
                outputs, facts, self.config.score_threshold
            ),
            self.config.batch_size,
        )

    def decide(self, trained, answers, selection):
        config = self.config
        if config.fixed_threshold() is not None:
            return {}
        asked = config.precision_asked()
        best = answers.curve.best(asked)
        if best is None:
            print(
                f"--threshold={config.threshold}: nothing is found on dev; "
                "the threshold is 0.5"
            )
            return {"threshold": 0.5}
        print(
            f"--threshold={config.threshold}: boxes are answered from a "
            f"score of {best['threshold']:.4g} on: precision "
            f"{best['precision']:.3f}, recall {best['recall']:.3f} on dev"
        )
        if not best["satisfied"]:
            print(f"no threshold has a precision of {asked:g} on dev")
        return {"threshold": best["threshold"]}

    def _threshold(self, decisions):
        fixed = self.config.fixed_threshold()
        return decisions["threshold"] if fixed is None else fixed

    def score(self, trained, answers):
        scores = answers_lib.score(
            answers,
            self._threshold(trained.decisions),
            trained.facts["classes"],
        )
        scores["loss"] += sum(float(x) for x in trained.model.losses)
        limit = answers_lib.ceiling(answers.split, self.config)
        return scores | {f"ceiling_{k}": v for k, v in limit.items()}

    def outcome(self, trained, answers):
        return review.outcome(
            answers,
            self._threshold(trained.decisions),
            trained.facts["classes"],
        )

    def error(self, trained, answers, metrics):
        counts = answers.counts(self._threshold(trained.decisions))
        return intervals.Measure.of_examples(answers_lib.errors(counts))

    def headline(self, facts):
        return "ap50"

    def notes(self, facts):
        return (
            "The error of a picture is the share of its objects and answered "
            "boxes that have no match of their class with an IoU of 0.5.",
        )

    def signatures(self, trained):
        facts, config = trained.facts, self.config
        threshold, shape = self._threshold(trained.decisions), facts[
            "input_shape"
        ]  # fmt: skip

        def answer(outputs, shapes):
            left = self.suppressed(outputs, facts, threshold)
            places = box_serving.boxes_in_photo(
                left["boxes"], shapes, shape[:2], config.resize
            )
            padding = (left["labels"] < 0)[..., None]
            return {
                "boxes": tf.where(padding, 0.0, places),
                "labels": serving.names_of(left["labels"], facts["classes"]),
                "scores": left["scores"],
                "count": left["count"],
            }

        return serving.signatures(
            trained.model, answer, shape, config.resize, tf.identity, "outputs"
        )

    def review(self, run, trained, data, answers):
        train, config, facts = data.splits["train"], self.config, trained.facts
        threshold = self._threshold(trained.decisions)
        size = strategies.training_batch(config, train.size)
        outcome, dev = self.outcome(trained, answers["dev"]), answers["dev"]

        def places(pictures):
            outputs = trained.model(pictures, training=False)
            return [part.numpy() for part in raw(outputs, facts)]

        names = facts["classes"]
        return [
            *review.review(outcome, dev, threshold, names, run.folder),
            *review.stages(dev, places, threshold, names, run.folder),
            *box_review.boxes(train, run.folder),
            *box_review.shown(train, size, config.seed, run.folder),
            *skipped.blocks(data.splits["dev"].examples.skipped, "entry"),
        ]

    def predict(self, trained, inputs):
        rows = super().predict(trained, inputs)
        if self.config.format == "coco":
            rows = coco.written(rows, trained.facts, self.config)
        return rows

    def marks(self, trained, tensors):
        rows = zip(*_served(tensors), strict=True)
        return [(b, f"{label} {score:.2f}") for b, label, score in rows], []

    def rows(self, trained, tensors):
        return [
            {
                "label": label,
                "confidence": round(float(score), 4),
                **predictions.sides(box),
            }
            for box, label, score in zip(*_served(tensors), strict=True)
        ] or [{"label": "", "confidence": 0.0, **predictions.sides(None)}]


def raw(outputs, facts):
    """Return boxes and scores of all places, the boxes within the picture.

    Args:
        outputs: of the network, `(batch, places, 5 + classes)`.
        facts: those of the data.
    """
    grids = _grids(facts)
    boxes, scores = ops.yolo_decode(ops.yolo_activate(outputs, grids), grids)
    height, width = grids.image_shape
    most = tf.constant([width, height] * 2, boxes.dtype)
    return tf.clip_by_value(boxes, 0.0, most), scores


def _served(tensors):
    """Return boxes, labels and scores of one picture, without padding."""
    count = int(tensors["count"][0])
    boxes, labels, scores = (
        tensors[name][0].numpy()[:count]
        for name in ("boxes", "labels", "scores")
    )
    return boxes, [label.decode() for label in labels], scores


def _grids(facts):
    return ops.Grids(
        facts["input_shape"][:2],
        facts["strides"],
        facts["anchors"],
        len(facts["classes"]),
    )
