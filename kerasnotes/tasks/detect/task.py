"""Detection: all objects of a picture."""

import dataclasses
import math

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import boxes
from kerasnotes.tasks.detect import config, masks, two_stages, yolo

with epy.lazy_imports():
    import numpy as np
    import tensorflow as tf

    from kerasnotes import models, ops, optimizers
    from kerasnotes.data.pictures import frames
    from kerasnotes.data.pictures.augmentation import mosaic
    from kerasnotes.diagnosis import intervals
    from kerasnotes.metrics import coco as coco_metrics
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.boxes import predictions
    from kerasnotes.tasks.boxes import review as box_review
    from kerasnotes.tasks.boxes import serving as box_serving
    from kerasnotes.tasks.detect import answers as answers_lib
    from kerasnotes.tasks.detect import coco, review
    from kerasnotes.tasks.pictures import serving
    from kerasnotes.training.distribute import strategies

_WITH_MOSAICS = 0.85
_DETECTORS = {
    "mask_rcnn": masks.MaskRCNNDetector,
    "fast_rcnn": two_stages.FastRCNNDetector,
    "faster_rcnn": two_stages.FasterRCNNDetector,
    "rcnn": two_stages.RCNNDetector,
    "yolo": yolo.YoloDetector,
}


class Detect(boxes.BoxTask):
    """Pictures in, all of their objects out."""

    name = "detect"
    Config = config.Config

    def __init__(self, config):
        super().__init__(config)
        self.detector = _DETECTORS[config.detector](config)

    def data(self, facts=None):
        # Before anything is read that they end.
        coco_metrics.require_pycocotools()
        data, kind = super().data(facts), self.detector
        splits = {
            name: kind.split(
                split,
                data.facts,
                **(self._mosaic() if name == "train" else {}),
            )
            for name, split in data.splits.items()
        }
        if not facts:
            for name in ("train", "dev"):
                print(kind.limit(name, splits[name], data.facts))
        return dataclasses.replace(data, splits=splits)

    def load(self, dataset, **arguments):
        if self.detector.takes_masks:
            arguments |= {"masks": True, **self.config.mask_files()}
        return super().load(dataset, **arguments)

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
            "most_objects": int(counts.max(initial=1)),
            **self.detector.facts(source, parts["train"]),
        }

    def arguments(self, facts):
        arguments = super().arguments(facts)
        if "stages" in models.arguments_of(self.config.model):
            # One beyond the coarsest grid, of twice its stride.
            coarsest = max(self.config.grid_strides())
            arguments["stages"] = min(max(round(math.log2(coarsest)), 1), 4)
        return arguments

    def network(self, facts, include_top=True):
        return super().network(self.detector.backbone_facts(facts), include_top)

    def with_head(self, backbone, facts):
        config = self.config
        names = ("strides", "anchors", "initializer", "proposals")
        with errors.as_flags(*names):
            return self.detector.network(
                backbone,
                facts,
                initializer=config.initializer or "he",
                kernel_regularizer=optimizers.regularizers.l1_l2(
                    config.l1, config.l2, facts["train"]
                ),
                name=f"{config.detector}_{config.model}",
            )

    def training_model(self, model):
        return self.detector.training_model(model)

    def training_data(self, run, model, data):
        splits = {
            name: self.detector.training_split(split)
            for name, split in data.splits.items()
        }
        return dataclasses.replace(data, splits=splits)

    def loss(self, facts):
        return self.detector.loss(facts)

    def suppressed(self, outputs, facts, threshold):
        """Return the boxes left of the network's outputs.

        Args:
            outputs: of the network.
            facts: those of the data.
            threshold: above which a box stays.

        Returns:
            As `ops.non_max_suppression`, the boxes within the picture.
        """
        config = self.config
        boxes, scores = self.detector.candidates(outputs, facts)
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
            self.detector.losses(facts),
            lambda outputs: self.suppressed(
                outputs, facts, self.config.score_threshold
            ),
            self.detector.regions,
            self.detector.masks,
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
        return scores | self.detector.scores(answers, trained.facts)

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
            geometry = shapes, shape[:2], config.resize
            places = box_serving.boxes_in_photo(left["boxes"], *geometry)
            beyond = frames.original_boxes(left["boxes"], *geometry)
            padding = (left["labels"] < 0)[..., None]
            return {
                "boxes": tf.where(padding, 0.0, places),
                "labels": serving.names_of(left["labels"], facts["classes"]),
                "scores": left["scores"],
                "count": left["count"],
                **self.detector.served(outputs, left, beyond, shapes),
            }

        return serving.signatures(
            *(trained.model, answer, shape, config.resize),
            *(tf.identity, "outputs", self.detector.takes_boxes),
        )

    def serve(self, trained):
        answer = super().serve(trained)
        return self.detector.with_regions(answer, trained.facts)

    def review(self, run, trained, data, answers):
        train, config, facts = data.splits["train"], self.config, trained.facts
        threshold = self._threshold(trained.decisions)
        size = strategies.training_batch(config, train.size)
        outcome, dev = self.outcome(trained, answers["dev"]), answers["dev"]

        def places(split):
            ((x, *_),) = split.evaluation_batches(split.size)
            outputs = trained.model(x, training=False)
            boxes, scores = self.detector.decode(outputs, facts)
            boxes, scores = boxes.numpy(), scores.numpy()
            return best_of_classes(boxes, scores), scores

        names = facts["classes"]
        return [
            *review.review(outcome, dev, threshold, names, run.folder),
            *self.detector.review(dev, threshold, facts, run.folder),
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

    def painted(self, picture, tensors):
        return self.detector.painted(picture, tensors)

    def rows(self, trained, tensors):
        return [
            {
                "label": label,
                "confidence": round(float(score), 4),
                **predictions.sides(box),
                **self.detector.row(tensors, i),
            }
            for i, (box, label, score) in enumerate(
                zip(*_served(tensors), strict=True)
            )
        ] or [{"label": "", "confidence": 0.0, **predictions.sides(None)}]


def best_of_classes(boxes, scores):
    """Return one box for each place: that of its likeliest class.

    Args:
        boxes: `(batch, n, 4)` or `(batch, n, classes, 4)`.
        scores: `(batch, n, classes)`.
    """
    if boxes.ndim == 3:
        return boxes
    best = scores.argmax(axis=-1)[..., None, None]
    return np.take_along_axis(boxes, best, axis=2)[:, :, 0]


def _served(tensors):
    """Return boxes, labels and scores of one picture, without padding."""
    count = int(tensors["count"][0])
    boxes, labels, scores = (
        tensors[name][0].numpy()[:count]
        for name in ("boxes", "labels", "scores")
    )
    return boxes, [label.decode() for label in labels], scores
