"""What a regression's report shows: fit, residuals, coefficients."""

import numpy as np

from kerasnotes.data.common import tag_sheet
from kerasnotes.plots import digits, figures, page, scatter
from kerasnotes.tasks.regress import serving
from kerasnotes.training import records

_SHOWN = 24


def outcome(answers, facts):
    """Return the `Outcome` of a split, in shares of the target's variance.

    Args:
        answers: the `Answers`, standardised outputs `[n, 1]`.
        facts: the task's facts.
    """
    mean, scale = facts["target_mean"], facts["target_std"]
    true = answers.split.numbers
    predicted = mean + scale * answers.outputs[:, 0].astype(float)
    residuals = (true - mean) - scale * answers.outputs[:, 0].astype(float)
    rows = [
        {
            "id": where,
            "true": digits.rounded(y, scale),
            "predicted": digits.rounded(guess, scale),
            "residual": digits.rounded(residual, residual),
        }
        for where, y, guess, residual in zip(
            answers.split.ids, true, predicted, residuals, strict=True
        )
    ]
    return records.Outcome((residuals / scale) ** 2, rows)


def review(outcome, facts, folder):
    """Write mistakes.csv and figures/predicted.png.

    Args:
        outcome: the `Outcome` of dev.
        facts: the task's facts.
        folder: the run's folder.

    Returns:
        Blocks for the report: fit and residuals.
    """
    target = facts["target"]
    picture = folder / "figures" / "predicted.png"
    true = np.array([row["true"] for row in outcome.rows])
    predicted = np.array([row["predicted"] for row in outcome.rows])
    figures.save(scatter.scatter(true, predicted, target), picture)
    order = np.argsort(-outcome.errors, kind="stable")
    rows = [outcome.rows[i] for i in order]
    columns = list(rows[0])
    tag_sheet.write(folder / "mistakes.csv", rows)
    return [
        page.Heading("Predicted against true"),
        page.Picture(
            picture,
            "Each point is a row of dev; on the line it is right.",
            f"Predicted against true {target} of the dev set",
            chart=True,
        ),
        page.Heading("Largest residuals"),
        page.Table(
            columns,
            [_cells(row, facts["target_std"]) for row in rows[:_SHOWN]],
            "The rows of dev that are furthest off; the residual is true less "
            "predicted. mistakes.csv lists all, with columns to tag them.",
            numeric=(1, 2, 3),
        ),
    ]


def served(facts):
    """Return the blocks that say by which names a SavedModel takes columns.

    Args:
        facts: the task's facts.
    """
    columns = facts["features"]
    names = serving.input_names(columns)
    if names == columns:
        return []
    return [
        page.Heading("Inputs of the served model"),
        page.Table(
            ["column", "input of serving_default"],
            [list(pair) for pair in zip(columns, names, strict=True)],
            "TensorFlow's names are letters, digits and underscores of ASCII, "
            "whose case doesn't tell two apart.",
        ),
    ]


def _cells(row, scale):
    """Return a row of the report, numbers with as many digits as tell apart."""
    numbers = (row[name] for name in ("true", "predicted"))
    shown = [digits.text(number, scale) for number in numbers]
    return [row["id"], *shown, digits.text(row["residual"])]


def coefficients(weights, facts):
    """Return the blocks that show a linear model's coefficients.

    Args:
        weights: the kernel `[inputs, 1]` and the bias `[1]`, from normalised
            inputs to the normalised target.
        facts: the task's facts.
    """
    kernel, bias = (np.asarray(w, float) for w in weights)
    scale = facts["target_std"]
    intercept = bias[0] * scale + facts["target_mean"]
    rows = [
        [name, w * scale, w * scale / std]
        for name, w, std in zip(
            facts["features"], kernel[:, 0], facts["std"], strict=True
        )
    ]
    return [
        page.Heading("Coefficients"),
        page.Table(
            ["input", "per standard deviation", "per unit"],
            sorted(rows, key=lambda row: -abs(row[1])),
            f"By how much {facts['target']} rises with each input, the others "
            f"as they are; at the mean of all it is "
            f"{digits.text(intercept, scale)}.",
        ),
    ]
