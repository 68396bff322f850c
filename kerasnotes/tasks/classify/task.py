"""Classification of pictures."""

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import pictures
from kerasnotes.tasks.classify import config
from kerasnotes.training import records

with epy.lazy_imports():
    import sklearn.metrics
    import tensorflow as tf

    from kerasnotes import losses, metrics
    from kerasnotes.data.common import corrections, example_weights
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.classify import (
        decision,
        ensemble,
        review,
        sliding_window,
        ten_crop,
        windows,
    )
    from kerasnotes.tasks.pictures import review as picture_review
    from kerasnotes.tasks.pictures import serving


class Classify(pictures.PictureTask):
    """Pictures in, a class and its probability out."""

    name = "classify"
    Config = config.Config

    def decision(self, decisions):
        """Return the `Decision` of what was decided on dev."""
        return decision.Decision.of(self.config, decisions)

    def data(self, facts=None):
        data = super().data(facts)
        classes = len(data.facts["classes"])
        if self.config.threshold and classes != 2:
            raise errors.UserError(
                f"--threshold={self.config.threshold}: is for two classes, "
                f"and {self.config.dataset} has {classes}; leave it out"
            )
        return data

    def relabelled(self, sets):
        if self.config.corrections is None:
            return sets
        return corrections.apply(self.config.corrections, sets)

    def weights(self, examples, indices, by_hand):
        choice = _class_weight(self.config.class_weight)
        if choice is None:
            return super().weights(examples, indices, by_hand)
        return example_weights.of_examples(
            choice,
            examples.labels[indices],
            examples.class_names,
            self.weights_by_hand(examples, indices, by_hand),
        )

    def loss(self, facts):
        return losses.Crossentropy(label_smoothing=self.config.label_smoothing)

    def metrics(self, facts, decisions):
        classes, config = len(facts["classes"]), self.config
        threshold = self.decision(decisions).threshold
        weighted = []
        if config.class_weight != "none" or config.example_weight:
            weighted.append(
                metrics.DecidedAccuracy(
                    classes, threshold, name="weighted_accuracy"
                )
            )
        plain = [metrics.ClassificationMetrics(classes, threshold)]
        return records.Metrics(plain, weighted)

    def decide(self, trained, answers, selection):
        decisions = decision.decide(self.config, answers, selection)
        if self.config.threshold == "auto":
            threshold = decisions["threshold"]
            also = ""
            if self.config.calibrate:
                served = self.decision(decisions).served(threshold)
                also = f" as trained, of {served:.4g} as served"
            print(
                f"--threshold=auto: {trained.facts['classes'][1]!r} from a "
                f"probability of {threshold:.4g} on{also}"
            )
        return decisions

    def score(self, trained, answers):
        names = trained.facts["classes"]
        labels = self.decision(trained.decisions).labels(answers.outputs)
        matrix = sklearn.metrics.confusion_matrix(
            answers.targets, labels, labels=range(len(names))
        )
        rows = metrics.classification_report(matrix)["classes"]
        return {
            **super().score(trained, answers),
            "classes": dict(zip(names, rows, strict=True)),
            "absent": [
                name
                for name, row in zip(names, rows, strict=True)
                if not row["support"]
            ],
            "confusion": matrix.tolist(),
        }

    def outcome(self, trained, answers):
        return review.outcome(answers, self.decision(trained.decisions))

    def signatures(self, trained):
        decided = self.decision(trained.decisions)
        if self.config.calibrate and "temperature" not in trained.decisions:
            raise errors.UserError(
                "--calibrate: no temperature was fitted when the run was "
                "trained; train it again with --overwrite"
            )
        names = trained.facts["classes"]

        def answer(probabilities, _):
            return {
                "label": tf.gather(names, decided.classes(probabilities)),
                "probabilities": probabilities,
                "classes": serving.classes(names, probabilities),
            }

        signatures = serving.signatures(
            trained.model,
            answer,
            trained.facts["input_shape"],
            self.config.resize,
            decided.probabilities,
        )
        if self.config.sliding_window:
            search = windows.Search.of(self.config, trained)
            signatures["sliding_window"] = search.signature(names)
        return signatures

    def modes(self):
        if self.config.ten_crop:
            return {"evaluate": ten_crop.evaluate}
        if self.config.ensemble:
            return {"evaluate": ensemble.run, "export": ensemble.run}
        return {}

    def predict(self, trained, inputs):
        if self.config.sliding_window:
            return sliding_window.predict(self, trained, inputs)
        return super().predict(trained, inputs)

    def review(self, run, trained, data, answers):
        outcome = self.outcome(trained, answers["dev"])
        return [
            *review.review(outcome, trained.facts["classes"], run.folder),
            *decision.blocks(
                self.config, trained.decisions, answers, run.folder
            ),
            *picture_review.shown(self.before_and_after(data), run.folder),
            *skipped.blocks(data.splits["dev"].examples.skipped),
        ]

    def answer(self, trained, tensors):
        label = tensors["label"][0].numpy().decode()
        place = trained.facts["classes"].index(label)
        confidence = float(tensors["probabilities"][0, place])
        return {"label": label, "confidence": round(confidence, 4)}


def _class_weight(text):
    """Read none, balanced or `CLASS=weight,…`."""
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
