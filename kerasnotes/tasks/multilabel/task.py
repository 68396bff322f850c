"""Several yes-or-no labels a picture, some unknown: multi-task learning."""

import dataclasses
import pathlib

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import pictures
from kerasnotes.training.run import config as config_lib

with epy.lazy_imports():
    import numpy as np
    import tensorflow as tf

    from kerasnotes import losses, metrics
    from kerasnotes.data.pictures import multi_examples
    from kerasnotes.data.pictures.readers import labelled, scenes
    from kerasnotes.diagnosis import intervals
    from kerasnotes.tasks.multilabel import review as multilabel_review
    from kerasnotes.tasks.pictures import serving as picture_serving

option, setting = config_lib.option, config_lib.setting
_OF_A_LABEL = ("accuracy", "error", "f1", "precision", "recall")


@dataclasses.dataclass(frozen=True)
class Config(pictures.Config):
    """What a classifier of several labels can be told."""

    dataset: str = option(
        "scenes",
        "scenes, or a folder of pictures with labels.csv: a column file, "
        "and one a label of 1, 0 or blank where it isn't known.",
    )
    epochs: int = setting(
        30, "Passes over the training set; may grow.", bounds=(1, 10**6)
    )
    model: str = option(
        "lenet5_teaching", "The model.", choices=pictures.MODELS
    )
    threshold: str | None = option(
        None,
        "auto: each label is given from the probability on that is the best "
        "on dev for --optimize; default 0.5 for all.",
        choices=("auto",),
    )

    def check(self):
        """Refuses also a metric that no label has by itself.

        Raises:
            UserError: see above.
        """
        super().check()
        if self.threshold and self.optimize not in _OF_A_LABEL:
            raise errors.UserError(
                f"--threshold=auto: --optimize={self.optimize} isn't a metric "
                f"of one label; give one of {', '.join(_OF_A_LABEL)}"
            )


class Multilabel(pictures.PictureTask):
    """Pictures in, for each label whether it is there out."""

    name = "multilabel"
    Config = Config

    @property
    def thresholds(self):
        """The probability from which on each label is given."""
        labels = len(self.facts["classes"])
        return self.chosen.get("thresholds", [0.5] * labels)

    def read(self, dataset, size, channels):
        config = self.config
        arguments = {"channels": channels, "mode": config.resize}
        if dataset == "scenes":
            return scenes.read(size, data_dir=config.data_dir, **arguments)
        if pathlib.Path(dataset).expanduser().exists():
            return labelled.read(
                dataset, size or 32, cache=config.cache, **arguments
            )
        raise errors.UserError(
            f"--dataset={dataset}: no such folder; give scenes, or a folder "
            f"with pictures and {labelled.SHEET}"
        )

    def policy(self):
        found = super().policy()
        if found and found.mixes:
            raise errors.UserError(
                f"--augment={self.config.augment}: mixes labels, and here some "
                "are unknown; give mixup=0 and cutmix=0: "
                "--augment=strong:mixup=0,cutmix=0"
            )
        return found

    def splits(self):
        config, found = self.config, super().splits()
        multi_examples.check_train(
            config.dataset, found["train"].labels, self.facts["classes"]
        )
        return found

    def loss(self):
        return losses.MaskedBinaryCrossentropy()

    def metrics(self):
        self._metrics = metrics.MultilabelMetrics(
            len(self.facts["classes"]), self.thresholds
        )
        return [self._metrics]

    def weighted_metrics(self):
        self._weighted = []
        if self.config.example_weight:
            self._weighted.append(
                metrics.MultilabelAccuracy(
                    self.thresholds, name="weighted_accuracy"
                )
            )
        return self._weighted

    def choose(self, model, dev, chooser):
        self.chosen = {}
        if self.config.threshold:
            found = multilabel_review.best_thresholds(
                dev.labels, self.logits(model, dev), chooser.optimize
            )
            self.chosen = {"thresholds": found}
            for metric in self._weighted:
                metric.thresholds = found
            # It was compiled with the thresholds before.
            model.make_test_function(force=True)
        return self.chosen

    def evaluate(self, model, split):
        # They may have been chosen after the model was compiled.
        self._metrics.thresholds.assign(self.thresholds)
        found = super().evaluate(model, split)
        if not np.sum(self._metrics.complete):
            del found["exact_match"]
        # The metric still holds the split's counts.
        rows = metrics.multilabel_report(self._metrics.counts)
        names = self.facts["classes"]
        labels = dict(zip(names, rows, strict=True))
        return {"size": split.size, **found, "labels": labels}

    def judge(self, model, split):
        """An example is wrong if any of its known labels is."""
        logits = self.logits(model, split)
        return multilabel_review.judge(split, logits, self.thresholds)

    def measure(self, model, split, metrics):
        """An example's error is the share of its known labels wrong."""
        known = split.labels >= 0
        wrong = multilabel_review.wrong(
            split.labels, self.logits(model, split), self.thresholds
        )
        some = known.any(axis=1)
        return intervals.Measure.of_examples(
            wrong[some].sum(axis=1) / known[some].sum(axis=1), most=1.0
        )

    def signatures(self, model):
        names = tf.constant(self.facts["classes"])
        thresholds = tf.constant(self.thresholds, tf.float32)

        def answer(chances):
            return {
                "present": chances >= thresholds,
                "probabilities": chances,
                "classes": names,
            }

        return picture_serving.signatures(
            model,
            answer,
            self.facts["input_shape"],
            self.config.resize,
            tf.sigmoid,
        )

    def review(self, model, splits, folder):
        return multilabel_review.review(
            splits,
            self.logits(model, splits["dev"]),
            self.thresholds,
            self.shown(splits),
            folder,
        )

    def answer(self, answer):
        present = answer["present"][0].numpy()
        names = np.array(self.facts["classes"])[present]
        chances = answer["probabilities"][0].numpy()[present]
        return {
            "labels": multilabel_review.joined(names),
            "probabilities": ";".join(f"{chance:.4f}" for chance in chances),
        }
