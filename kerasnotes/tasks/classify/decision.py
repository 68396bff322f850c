"""What a classifier decides on dev: its threshold and its temperature."""

import dataclasses

import numpy as np
import tensorflow as tf
from scipy.special import expit, logit

from kerasnotes import errors, metrics
from kerasnotes.diagnosis import calibration, thresholds
from kerasnotes.plots import calibration as calibration_plot
from kerasnotes.plots import figures, page
from kerasnotes.plots import thresholds as thresholds_plot

_SHOWN = ("precision", "recall", "f1")
_TABLE = ("accuracy", *_SHOWN, "false_alarms")
_LARGER = "the larger probability"
_SURE = 0.05  # A temperature this near to 1 changes nothing.


def fixed_threshold(text):
    """Return the threshold that the flag names; None for none and auto.

    Args:
        text: the value of `--threshold`.

    Raises:
        UserError: it is no probability.

    >>> fixed_threshold("0.3"), fixed_threshold("auto")
    (0.3, None)
    """
    if text in (None, "auto"):
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise errors.UserError(
            f"--threshold={text}: give a probability between 0 and 1, as 0.3, "
            "or auto"
        )
    return value


@dataclasses.dataclass(frozen=True)
class Decision:
    """How logits become answers and probabilities.

    Attributes:
        threshold: of two classes, the probability from which on the answer is
            the second; None for the larger one.
        temperature: what logits are divided by before they are served.
    """

    threshold: float | None = None
    temperature: float = 1.0

    @classmethod
    def of(cls, config, decisions):
        """Return that of a run: its flags, and what was decided on dev."""
        fixed = fixed_threshold(config.threshold)
        return cls(
            decisions.get("threshold", fixed),
            decisions.get("temperature", 1.0) if config.calibrate else 1.0,
        )

    def served(self, threshold):
        """Return a threshold on probabilities as trained as one on served."""
        return float(expit(logit(threshold) / self.temperature))

    def labels(self, logits):
        """Return the answers to logits `(…, C)`: int `(…)`."""
        return np.asarray(metrics.decide(logits, self.threshold))

    def probabilities(self, logits):
        """Return the probabilities that are served of logits `(…, C)`."""
        return tf.nn.softmax(logits / self.temperature)

    def classes(self, probabilities):
        """Return the answers to served probabilities `(…, C)`: int `(…)`."""
        scores = probabilities
        if self.threshold:
            # As near to 1 as to 0, where probabilities themselves crowd.
            scores = self.temperature * tf.math.log(probabilities)
        return metrics.decide(scores, self.threshold)


def decide(config, answers, selection):
    """Return `temperature`, and `threshold` where there is one.

    Args:
        config: the task's Config.
        answers: the `Answers` to dev.
        selection: the `Selection` that an automatic threshold is best for.
    """
    logits, labels = answers.outputs, answers.targets
    threshold = fixed_threshold(config.threshold)
    if config.threshold == "auto":
        best = thresholds.best(
            _log_odds(logits), labels, selection, _weights(config, answers)
        )
        threshold = float(expit(best.value))
    decisions = {"temperature": calibration.temperature(logits, labels)}
    return decisions | ({"threshold": threshold} if threshold else {})


def _weights(config, answers):
    """Return the examples' weights, or None where each counts alike."""
    weigh = config.class_weight != "none" or config.example_weight
    return answers.weights if weigh else None


def _log_odds(logits):
    """Return the log-odds of the second of two classes, `z₁ - z₀`."""
    logits = np.asarray(logits, np.float64)
    most = thresholds.EXTREME
    return np.clip(logits[:, 1] - logits[:, 0], -most, most)


def blocks(config, decisions, answers, folder):
    """Write figures/thresholds.png and calibration.png.

    Args:
        config: the task's Config.
        decisions: what `decide` returned.
        answers: a dictionary of split to its `Answers`.
        folder: the run's folder.

    Returns:
        Blocks for the report: the threshold of two classes, calibration.
    """
    judging = {n: answers[n] for n in ("dev", "test") if n in answers}
    calibrated = _calibration(judging, decisions["temperature"], config, folder)
    if answers["dev"].outputs.shape[-1] > 2:
        return calibrated
    threshold = decisions.get("threshold")
    decided = Decision.of(config, decisions)
    served = decided.served(threshold) if threshold else None
    return [
        *_threshold(answers["dev"], config, threshold, served, folder),
        *calibrated,
    ]


def _threshold(answers, config, chosen, served, folder):
    scores, labels = _log_odds(answers.outputs), answers.targets
    positive = answers.split.examples.class_names[1]
    weights = _weights(config, answers)
    cuts = thresholds.cuts(scores, labels, weights)
    text, rows, plateau = "where its probability is the larger.", {}, None
    if chosen:
        text = f"from a probability of {chosen:.4g} on, as --threshold says."
        rows = {f"threshold {chosen:.4g}": chosen}
    if config.threshold == "auto":
        chooser = config.selection()
        threshold = thresholds.best(scores, labels, chooser, weights)
        spread = thresholds.spread(scores, labels, chooser, weights)
        plateau = expit([threshold.low, threshold.high])
        text = _why(threshold, chooser, chosen, plateau, expit(spread))
    if chosen and served != chosen:
        text += (
            " These are probabilities as trained; of those that are served, "
            f"--calibrate makes the threshold {served:.4g}."
        )
    path = folder / "figures" / "thresholds.png"
    shown = {name: cuts.metrics[name] for name in _SHOWN}
    figure = thresholds_plot.thresholds(
        expit(cuts.edges), shown, chosen or 0.5, plateau
    )
    figures.save(figure, path)
    return [
        page.Heading("Threshold"),
        page.Text(f"The answer is {positive} {text}"),
        page.Table(
            ["answers by", *(name.replace("_", " ") for name in _TABLE)],
            [
                [name, *(cuts.at(logit(value))[n] for n in _TABLE)]
                for name, value in ({_LARGER: 0.5} | rows).items()
            ],
            f"On dev, {positive} the positive class.",
        ),
        page.Picture(
            path,
            "What each threshold would give on dev. The dotted line is in use"
            + (
                ", grey are thresholds as good." if plateau is not None else "."
            ),
            "Precision, recall and F1 of dev against the threshold",
            chart=True,
        ),
    ]


def _why(threshold, chooser, chosen, plateau, spread):
    low, high = (f"{end:.4g}" for end in plateau)
    first, last = (f"{end:.4g}" for end in spread)
    bounds = [str(b) for b in chooser.bounds if b.name in threshold.metrics]
    under = f" under {', '.join(bounds)}" if bounds else ""
    text = (
        f"from a probability of {chosen:.4g} on, chosen on dev for the best "
        f"{chooser.optimize}{under}. "
    )
    if not threshold.satisfied:
        text += "No threshold keeps the bounds; this one breaks them least. "
    return text + (
        f"From {low} to {high} all are as good, and it is the middle in "
        f"log-odds; chosen on bootstrap samples of dev, 95 % lie from {first} "
        f"to {last}. Dev's metrics, which it was chosen for, flatter it; "
        "test's don't."
    )


def _calibration(answers, temperature, config, folder):
    names = answers["dev"].split.examples.class_names
    temperatures = {"As trained": 1.0}
    if temperature != 1:
        temperatures[f"T = {temperature:.2f}"] = temperature
    rows, panels = [], {}
    for name in answers:
        for title, value in temperatures.items():
            scored = answers[name].outputs, answers[name].targets, value
            sure, hits = calibration.confidences(*scored)
            # The last is drawn: test, where there is one.
            panels[title] = calibration.bins(sure, hits), sure
            error = panels[title][0].error
            rows.append([name, title, calibration.log_loss(*scored), error])
    words = ("confidence", "share right")
    if len(names) == 2:
        words = (f"probability of {names[1]}", f"share of {names[1]}")
    path = folder / "figures" / "calibration.png"
    figures.save(calibration_plot.calibration(panels, *words), path)
    meaning = _meaning(temperature, config.calibrate)
    fitted = " T was fitted on dev"
    fitted += "; test judges it." if "test" in answers else "."
    if temperature == 1:
        meaning, fitted = _no_temperature(answers["dev"]), ""
    return [
        page.Heading("Calibration"),
        page.Text(meaning),
        page.Table(
            ["split", "logits", "loss", "calibration error"],
            rows,
            "The calibration error is the mean distance of points from the "
            f"diagonal.{fitted}",
        ),
        page.Picture(
            path,
            f"{name.title()}: {words[1]} against {words[0]}, with 95 % "
            "intervals. On the diagonal probabilities can be believed.",
            f"Reliability of the {name} set: {words[1]} against {words[0]}",
            chart=True,
        ),
    ]


def _no_temperature(dev):
    right = dev.outputs.argmax(-1) == dev.targets
    why = "Every answer on dev is right"
    if not right.all():
        why = "The model gives all classes the same probability"
    return (
        f"{why}: no temperature can be fitted, and probabilities stay as they "
        "are."
    )


def _meaning(temperature, served):
    if temperature > 1 + _SURE:
        says = "the model is surer of its answers than it is right"
    elif temperature < 1 - _SURE:
        says = "the model is less sure of its answers than it could be"
    else:
        says = "the model is about as sure of its answers as it is right"
    ends = (
        "as the served ones are."
        if served
        else "as --calibrate serves them (also with --mode=export)."
    )
    return (
        f"The temperature is {temperature:.2f}: {says}, and dev's labels are "
        f"likeliest with logits divided by {temperature:.2f}, {ends}"
    )
