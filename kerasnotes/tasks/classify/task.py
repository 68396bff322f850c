"""Classification of pictures."""

import dataclasses
import functools

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import pictures
from kerasnotes.training.run import config as config_lib

with epy.lazy_imports():
    import numpy as np
    import tensorflow as tf

    from kerasnotes import losses, metrics
    from kerasnotes.data.common import corrections, example_weights
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.classify import decision, ensemble, ten_crop
    from kerasnotes.tasks.classify import review as classify_review
    from kerasnotes.tasks.classify import sliding_window as sliding
    from kerasnotes.tasks.pictures import review as picture_review
    from kerasnotes.tasks.pictures import serving as picture_serving

option, setting = config_lib.option, config_lib.setting

# What is asked of one command, and the modes that answer.
_MODES = {
    "ten_crop": ("evaluate",),
    "ensemble": ("evaluate", "export"),
    "sliding_window": ("predict",),
}


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
    label_smoothing: float = option(
        0.0, "Share of a label that is spread over all classes.", bounds=(0, 1)
    )
    corrections: str | None = option(
        None,
        "CSV of id,label: labels that people mended, in train, dev and test; "
        "trainers.analyze --mode=labels writes one.",
    )
    threshold: str | None = option(
        None,
        "Of two classes, the probability from which on the answer is the "
        "second; auto: the best on dev for --optimize under --satisfy, while "
        "epochs are chosen by the larger probability.",
    )
    calibrate: bool = setting(
        False, "Serve probabilities at the temperature fitted on dev."
    )
    ten_crop: bool = setting(
        False,
        "evaluate: average over four corners, the centre and their mirror "
        "images, beside the model alone.",
    )
    ensemble: str | None = setting(
        None,
        "evaluate, export: average with these runs, RUN,RUN,…: beside each "
        "alone, or as one SavedModel.",
    )
    sliding_window: bool = setting(
        False,
        "predict: look at every window of each picture and draw the map in "
        "RUN_DIR/sliding.",
    )
    scales: str = setting(
        "1,0.7,0.5",
        "predict: sizes to which --sliding_window brings a picture; smaller "
        "ones find larger things.",
    )

    def check(self):
        """Refuses also a threshold that is no probability, and the like.

        Raises:
            UserError: see above.
        """
        super().check()
        sliding.scales(self.scales)
        for name, modes in _MODES.items():
            if getattr(self, name) and self.mode not in modes:
                raise errors.UserError(
                    f"--{name}: is for --mode={' or '.join(modes)}. Received: "
                    f"--mode={self.mode}"
                )
        if self.ten_crop and self.ensemble:
            raise errors.UserError(
                "--ten_crop, --ensemble: one at a time; leave one of them out"
            )
        if self.threshold == "auto" and self.optimize == "loss":
            raise errors.UserError(
                "--threshold=auto: no threshold changes the loss; give what "
                "it is to be best for, as --optimize=f1"
            )
        fixed = decision.fixed_threshold(self.threshold)
        if fixed and self.calibrate:
            raise errors.UserError(
                f"--threshold={self.threshold}: cuts probabilities as trained, "
                "which --calibrate moves; give --threshold=auto, or leave one "
                "of the two out"
            )


class Classify(pictures.PictureTask):
    """Pictures in, a class and its probability out."""

    name = "classify"
    Config = Config

    @property
    def threshold(self):
        """The probability from which on the answer is the second class."""
        fixed = decision.fixed_threshold(self.config.threshold)
        return self.chosen.get("threshold", fixed)

    @property
    def temperature(self):
        """What logits are divided by before they are served."""
        if not self.config.calibrate:
            return 1.0
        return self.chosen.get("temperature", 1.0)

    def splits(self):
        found = super().splits()
        classes = len(self.facts["classes"])
        if self.config.threshold and classes != 2:
            raise errors.UserError(
                f"--threshold={self.config.threshold}: is for two classes, "
                f"and {self.config.dataset} has {classes}; leave it out"
            )
        return found

    def relabelled(self, sets):
        if self.config.corrections is None:
            return sets
        return corrections.apply(self.config.corrections, sets)

    def weights(self, examples, indices):
        choice = _class_weight(self.config.class_weight)
        own = self.own_weights(examples, indices)
        if choice is None and own is None:
            return None
        labels = examples.labels[indices]
        return example_weights.of_examples(
            choice, labels, examples.class_names, own
        )

    def loss(self):
        return losses.Crossentropy(label_smoothing=self.config.label_smoothing)

    def metrics(self):
        classes = len(self.facts["classes"])
        self._metrics = metrics.ClassificationMetrics(classes, self.threshold)
        return [self._metrics]

    def weighted_metrics(self):
        classes, config = len(self.facts["classes"]), self.config
        self._weighted = []
        if config.class_weight != "none" or config.example_weight:
            self._weighted.append(
                metrics.DecidedAccuracy(
                    classes, self.threshold, name="weighted_accuracy"
                )
            )
        return self._weighted

    def choose(self, model, dev, chooser):
        self.chosen = decision.choose(
            self.config.threshold,
            self.logits(model, dev),
            dev.labels,
            self.weights(dev.examples, dev.indices),
            chooser,
        )
        if self._metrics.threshold != self.threshold:
            for metric in (self._metrics, *self._weighted):
                metric.threshold = self.threshold
            # It was compiled with the larger probability.
            model.make_test_function(force=True)
        if self.config.threshold == "auto":
            print(
                f"--threshold=auto: {self.facts['classes'][1]!r} from a "
                f"probability of {self.threshold:.4g} on"
            )
        return self.chosen

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
        if self.config.calibrate and "temperature" not in self.chosen:
            raise errors.UserError(
                "--calibrate: no temperature was fitted when the run was "
                "trained; train it again with --overwrite"
            )
        names = tf.constant(self.facts["classes"])

        def answer(shares):
            return {
                "label": tf.gather(names, self.given(shares)),
                "probabilities": shares,
                "classes": names,
            }

        return picture_serving.signatures(
            model,
            answer,
            self.facts["input_shape"],
            self.config.resize,
            self.probabilities,
        )

    def probabilities(self, logits):
        """Returns the probabilities that are served of logits `(…, C)`."""
        return tf.nn.softmax(logits / self.temperature)

    def given(self, probabilities):
        """Returns the answers to served probabilities `(…, C)`: int `(…)`."""
        scores = probabilities
        if self.threshold:
            # As near to 1 as to 0, where probabilities themselves crowd.
            scores = self.temperature * tf.math.log(probabilities)
        return metrics.decide(scores, self.threshold)

    def modes(self):
        if self.config.ten_crop:
            return {"evaluate": functools.partial(ten_crop.evaluate, self)}
        if self.config.ensemble:
            work = functools.partial(ensemble.run, self)
            return {"evaluate": work, "export": work}
        return {}

    def predict(self, model, paths):
        if self.config.sliding_window:
            return sliding.predict(self, model, paths)
        return super().predict(model, paths)

    def judge(self, model, split):
        return self._judge(split, self.logits(model, split))

    def _judge(self, split, logits):
        return classify_review.judge(
            split, logits, self.threshold, self.temperature
        )

    def review(self, model, splits, folder):
        dev = splits["dev"]
        logits = {
            name: self.logits(model, splits[name])
            for name in ("dev", "test")
            if name in splits
        }
        judged = self._judge(dev, logits["dev"])
        weights = self.weights(dev.examples, dev.indices)
        return [
            *classify_review.review(judged, self.facts["classes"], folder),
            *decision.blocks(
                splits,
                logits,
                weights,
                self.config,
                self.chosen,
                folder,
            ),
            *picture_review.shown(self.shown(splits), folder),
            *skipped.blocks(dev.examples.skipped),
        ]

    def answer(self, answer):
        label = answer["label"][0].numpy().decode()
        given = self.facts["classes"].index(label)
        confidence = float(answer["probabilities"][0, given])
        return {"label": label, "confidence": round(confidence, 4)}


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
