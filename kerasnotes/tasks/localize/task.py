"""Localisation: one object a picture, its box, class and landmarks."""

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import boxes
from kerasnotes.tasks.localize import config
from kerasnotes.training import records

with epy.lazy_imports():
    import tensorflow as tf

    from kerasnotes import losses, metrics, models, ops, optimizers
    from kerasnotes.data.pictures import object_batches
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.boxes import predictions
    from kerasnotes.tasks.boxes import review as box_review
    from kerasnotes.tasks.boxes import serving as box_serving
    from kerasnotes.tasks.localize import review
    from kerasnotes.tasks.pictures import serving
    from kerasnotes.training.distribute import strategies


class Localize(boxes.BoxTask):
    """Pictures in, one object or none out."""

    name = "localize"
    Config = config.Config

    def read(self, dataset, size, channels):
        return object_batches.one_object(super().read(dataset, size, channels))

    def split(self, examples, indices, augment=None, weights=None):
        return object_batches.ObjectSplit(examples, indices, augment, weights)

    def policy(self, facts=None):
        policy = super().policy(facts)
        if policy and policy.mixes:
            raise errors.UserError(
                f"--augment={self.config.augment}: lays two pictures over one "
                "another, and only one object can be answered; give mixup=0 "
                "and cutmix=0: --augment=strong:mixup=0,cutmix=0"
            )
        return policy

    def with_head(self, backbone, facts):
        config = self.config
        names = ("head", "landmark_head", "initializer")
        with errors.as_flags(*names, hidden="--head_units"):
            return models.Localizer(
                backbone,
                classes=review.number_of_classes(facts),
                landmarks=len(facts["points"]),
                head=config.head,
                landmark_head=config.landmark_head,
                hidden=config.head_units,
                initializer=config.initializer or "he",
                kernel_regularizer=optimizers.regularizers.l1_l2(
                    config.l1, config.l2, facts["train"]
                ),
                name=config.model,
            )

    def loss(self, facts):
        config = self.config
        arguments = {
            "classes": review.number_of_classes(facts),
            "landmarks": len(facts["points"]),
        }
        if config.objective == "squared":
            return losses.LocalizationSquaredError(**arguments)
        return losses.LocalizationLoss(
            box_loss=config.box_loss,
            box_weight=config.box_weight,
            landmark_weight=config.landmark_weight,
            **arguments,
        )

    def metrics(self, facts, decisions):
        metric = metrics.LocalizationMetrics(
            review.number_of_classes(facts),
            len(facts["points"]),
            self._threshold(decisions),
            self.config.match_iou,
        )
        return records.Metrics([metric])

    def _threshold(self, decisions):
        return decisions.get("threshold", self.config.fixed_threshold())

    def decide(self, trained, answers, selection):
        if self.config.threshold != "auto":
            return {}
        threshold = review.best_threshold(
            answers,
            review.number_of_classes(trained.facts),
            self.config.match_iou,
        )
        print(
            "--threshold=auto: there is an object from a probability of "
            f"{threshold:.4g} on"
        )
        return {"threshold": threshold}

    def _judged(self, trained, answers):
        return review.judged(
            answers,
            review.number_of_classes(trained.facts),
            self._threshold(trained.decisions),
            self.config.match_iou,
        )

    def score(self, trained, answers):
        scores = super().score(trained, answers)
        return review.score(scores, answers, trained.facts, self.config.resize)

    def outcome(self, trained, answers):
        return review.outcome(
            answers,
            self._judged(trained, answers),
            trained.facts,
            self.config.resize,
        )

    def signatures(self, trained):
        facts, config = trained.facts, self.config
        threshold, classes = (
            self._threshold(trained.decisions),
            review.number_of_classes(facts),
        )
        shape = facts["input_shape"]

        def answer(outputs, shapes):
            parts = ops.notes_answer(
                outputs, classes, threshold, image_shape=shape
            )
            size = shape[:2], config.resize
            boxes = box_serving.boxes_in_photo(
                parts["boxes"][:, None], shapes, *size
            )
            served = {
                "boxes": boxes[:, 0],
                "labels": serving.names_of(parts["labels"], facts["classes"]),
                "scores": parts["presence"],
            }
            if classes:
                chances = parts["probabilities"]
                served["probabilities"] = chances
                served["classes"] = serving.classes(facts["classes"], chances)
            if facts["points"]:
                points = box_serving.points_in_photo(
                    parts["landmarks"], shapes, *size
                )
                served["landmarks"] = points
                served["landmark_names"] = serving.classes(
                    facts["points"], points[..., 0]
                )
            return served

        return serving.signatures(
            trained.model, answer, shape, config.resize, tf.identity, "outputs"
        )

    def review(self, run, trained, data, answers):
        train, config = data.splits["train"], self.config
        size = strategies.training_batch(config, train.size)
        outcome = self.outcome(trained, answers["dev"])
        return [
            *review.review(
                outcome,
                answers["dev"],
                self._judged(trained, answers["dev"]),
                trained.facts,
                config.resize,
                run.folder,
            ),
            *box_review.boxes(train, run.folder),
            *box_review.shown(train, size, config.seed, run.folder),
            *skipped.blocks(data.splits["dev"].examples.skipped, "entry"),
        ]

    def marks(self, trained, tensors):
        label = tensors["labels"][0].numpy().decode()
        if not label:
            return [], []
        points = tensors.get("landmarks")
        points = [] if points is None else [points[0].numpy()]
        return [(tensors["boxes"][0].numpy(), label)], points

    def rows(self, trained, tensors):
        label = tensors["labels"][0].numpy().decode()
        box = tensors["boxes"][0].numpy() if label else None
        score = float(tensors["scores"][0])
        row = {
            "label": label,
            "confidence": round(score, 4),
            **predictions.sides(box),
        }
        for i, name in enumerate(trained.facts["points"]):
            for axis, letter in enumerate("xy"):
                value = float(tensors["landmarks"][0, i, axis])
                row[f"{name}_{letter}"] = round(value, 2) if label else None
        return [row]
