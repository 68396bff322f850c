"""Classification of pictures."""

import dataclasses

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import pictures
from kerasnotes.training import config as config_lib

with epy.lazy_imports():
    import keras
    import numpy as np
    import tensorflow as tf

    from kerasnotes import metrics
    from kerasnotes.data import weights
    from kerasnotes.tasks import classify_review, picture_serving

option = config_lib.option


@dataclasses.dataclass(frozen=True)
class Config(pictures.Config):
    """What a classifier can be told."""

    dataset: str = option(
        "digits",
        "digits, a TFDS name, a folder or zip of class folders, or a folder "
        "of IDX files.",
    )
    class_weight: str = option(
        "none",
        "none, balanced, or CLASS=weight,…: in the loss and in "
        "weighted_accuracy.",
    )


class Classify(pictures.PictureTask):
    """Pictures in, a class and its probability out."""

    name = "classify"
    Config = Config

    def weights(self, examples, indices):
        choice = _class_weight(self.config.class_weight)
        if choice is None:
            return None
        labels = examples.labels[indices]
        return weights.of_examples(choice, labels, examples.class_names)

    def loss(self):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def metrics(self):
        classes = len(self.facts["classes"])
        self._metrics = metrics.ClassificationMetrics(classes)
        return [self._metrics]

    def weighted_metrics(self):
        if self.config.class_weight == "none":
            return []
        return [keras.metrics.SparseCategoricalAccuracy("weighted_accuracy")]

    def evaluate(self, model, split):
        found = super().evaluate(model, split)
        # The metric still holds the split's confusion matrix.
        matrix = np.asarray(self._metrics.confusion)
        rows = metrics.classification_report(matrix)["classes"]
        names = self.facts["classes"]
        return {
            "size": split.size,
            **found,
            "classes": dict(zip(names, rows, strict=True)),
            "confusion": matrix.astype(int).tolist(),
        }

    def signatures(self, model):
        names = tf.constant(self.facts["classes"])

        def answer(shares):
            return {
                "label": tf.gather(names, tf.argmax(shares, -1)),
                "probabilities": shares,
                "classes": names,
            }

        return picture_serving.signatures(
            model, answer, self.facts["input_shape"], self.config.resize
        )

    def judge(self, model, split):
        logits = self.logits(model, split)
        return classify_review.judge(split, logits)

    def review(self, model, splits, folder):
        return classify_review.review(
            splits["dev"],
            self.logits(model, splits["dev"]),
            self.shown(splits),
            folder,
        )

    def answer(self, answer):
        return {
            "label": answer["label"][0].numpy().decode(),
            "confidence": round(float(np.max(answer["probabilities"][0])), 4),
        }


def _class_weight(text):
    """Reads none, balanced or `CLASS=weight,…`."""
    if text in ("none", "balanced"):
        return {"none": None, "balanced": "balanced"}[text]
    weights = {}
    for part in text.split(","):
        name, _, value = part.rpartition("=")
        try:
            weights[name] = float(value)
        except ValueError as error:
            raise errors.UserError(
                f"--class_weight: {part!r} is not CLASS=weight; write none, "
                "balanced, or 'cat=2,dog=1'"
            ) from error
    return weights
