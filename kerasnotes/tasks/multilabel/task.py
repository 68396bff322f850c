"""Several yes-or-no labels a picture, some unknown: multi-task learning."""

import pathlib

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import pictures
from kerasnotes.tasks.multilabel import config
from kerasnotes.training import records

with epy.lazy_imports():
    import numpy as np
    import tensorflow as tf

    from kerasnotes import losses, metrics
    from kerasnotes.data.pictures import multi_examples
    from kerasnotes.data.pictures.readers import labelled, scenes
    from kerasnotes.diagnosis import intervals
    from kerasnotes.tasks.multilabel import review
    from kerasnotes.tasks.pictures import serving


class Multilabel(pictures.PictureTask):
    """Pictures in, for each label whether it is there out."""

    name = "multilabel"
    Config = config.Config

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

    def policy(self, facts=None):
        policy = super().policy(facts)
        if policy and policy.mixes:
            raise errors.UserError(
                f"--augment={self.config.augment}: mixes labels, and here some "
                "are unknown; give mixup=0 and cutmix=0: "
                "--augment=strong:mixup=0,cutmix=0"
            )
        return policy

    def data(self, facts=None):
        data = super().data(facts)
        multi_examples.check_train(
            self.config.dataset,
            data.splits["train"].labels,
            data.facts["classes"],
        )
        return data

    def loss(self, facts):
        return losses.MaskedBinaryCrossentropy()

    def metrics(self, facts, decisions):
        thresholds = _thresholds(facts, decisions)
        plain = [metrics.MultilabelMetrics(len(thresholds), thresholds)]
        weighted = []
        if self.config.example_weight:
            weighted.append(
                metrics.MultilabelAccuracy(thresholds, name="weighted_accuracy")
            )
        return records.Metrics(plain, weighted)

    def decide(self, trained, answers, selection):
        if not self.config.threshold:
            return {}
        best = review.best_thresholds(
            answers.targets, answers.outputs, selection.optimize
        )
        return {"thresholds": best}

    def score(self, trained, answers):
        scores = super().score(trained, answers)
        names = trained.facts["classes"]
        counted = review.counted(answers, _of(trained))
        if not np.sum(counted.complete):
            del scores["exact_match"]
        rows = metrics.multilabel_report(counted.counts)
        rows = dict(zip(names, rows, strict=True))
        absent = [name for name, row in rows.items() if not row["yes"]]
        return scores | {"labels": rows, "absent": absent}

    def outcome(self, trained, answers):
        """Count an example as wrong if any of its known labels is."""
        return review.outcome(answers, _of(trained))

    def error(self, trained, answers, metrics):
        """Return the mean share of an example's known labels that is wrong."""
        known = answers.targets >= 0
        wrong = review.wrong(answers.targets, answers.outputs, _of(trained))
        some = known.any(axis=1)
        return intervals.Measure.of_examples(
            wrong[some].sum(axis=1) / known[some].sum(axis=1), most=1.0
        )

    def notes(self, facts):
        return (
            "The error of an example is the share of its known labels that are "
            "answered wrongly, and examples count alike; the metric `error` "
            "counts labels alike, which differs where some are unknown.",
        )

    def signatures(self, trained):
        names = trained.facts["classes"]
        thresholds = tf.constant(_of(trained), tf.float32)

        def answer(probabilities, _):
            return {
                "present": probabilities >= thresholds,
                "probabilities": probabilities,
                "classes": serving.classes(names, probabilities),
            }

        return serving.signatures(
            trained.model,
            answer,
            trained.facts["input_shape"],
            self.config.resize,
            tf.sigmoid,
        )

    def review(self, run, trained, data, answers):
        return review.review(
            data.splits,
            answers["dev"],
            _of(trained),
            self.before_and_after(data),
            run.folder,
        )

    def answer(self, trained, tensors):
        present = tensors["present"][0].numpy()
        names = np.array(trained.facts["classes"])[present]
        probabilities = tensors["probabilities"][0].numpy()[present]
        return {
            "labels": review.joined(names),
            "probabilities": ";".join(f"{p:.4f}" for p in probabilities),
        }


def _thresholds(facts, decisions):
    """Return the probability from which on each label is given."""
    return decisions.get("thresholds", [0.5] * len(facts["classes"]))


def _of(trained):
    return _thresholds(trained.facts, trained.decisions)
