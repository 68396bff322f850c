"""Blocks of a search's page: its trials as lines, and what mattered."""

import math

import numpy as np
import optuna
from optuna.trial import TrialState

from kerasnotes.diagnosis import selection
from kerasnotes.plots import figures, page
from kerasnotes.plots import search as search_plots

_FEW = 10
"""Trials for each hyperparameter, below which shares are a hint."""


def parallel(study, records):
    """Draws figures/parallel.png; returns its blocks.

    Args:
        study: the `Study`.
        records: Optuna's records of its trials.
    """
    name = study.chooser.optimize
    shown = [r for r in records if r.user_attrs["dev"]]
    axes = [
        search_plots.Axis(
            d.name,
            [d.position(r.params[d.name]) for r in shown],
            [(d.position(v), str(v)) for v in ticks(d)],
        )
        for d in study.space
    ]
    figure = search_plots.parallel(
        axes,
        [r.user_attrs["dev"][name] for r in shown],
        f"dev {name}",
        selection.smaller_is_better(name),
        [r.state == TrialState.PRUNED for r in shown],
    )
    path = study.folder / "figures" / "parallel.png"
    figures.save(figure, path)
    return [
        page.Picture(
            path,
            "A line a trial; the best five stand out, pruned ones are dotted. "
            "The last axis is by rank.",
            "Trials as lines through their hyperparameters",
            chart=True,
        )
    ]


def ticks(dimension):
    """Return values of a `Dimension` that its axis names.

    >>> from kerasnotes.tools.tune import search_space
    >>> ticks(search_space.Dimension("rate", "log", 0.001, 0.5))
    [0.001, 0.01, 0.1, 0.5]
    """
    if dimension.kind == "choice":
        return list(dimension.choices)
    inner = [dimension.at(share) for share in (0.25, 0.5, 0.75)]
    if dimension.is_log:
        # As 1 - value is drawn, its decades are those of nines.
        nines = dimension.kind == "one_minus_log"
        powers = [10.0**k for k in range(-12, 13)]
        inner = [round(1 - p, 12) for p in powers[::-1]] if nines else powers
    low, high = dimension.low, dimension.high
    inner = [
        type(low)(value)
        for value in inner
        if low < value < high and 0.05 < dimension.position(value) < 0.95
    ]
    return list(dict.fromkeys([low, *inner, high]))


def importance(study, records):
    """Draws figures/importance.png; returns its blocks.

    Args:
        study: the `Study`.
        records: Optuna's records of its trials; pruned ones count with the
            score at which they were ended.
    """
    shown = [r for r in records if r.user_attrs["dev"]]
    shares = _shares(shown, study.chooser.optimize)
    if not shares:
        return [page.Text("Too few trials, or all alike: nothing to tell.")]
    path = study.folder / "figures" / "importance.png"
    figures.save(search_plots.importance(shares), path)
    few = len(shown) < _FEW * len(shares)
    return [
        page.Picture(
            path,
            "The share of each in what sets the best trials apart (PED-ANOVA)."
            + f" {len(shown)} trials are few: take it as a hint." * few,
            "Importance of each hyperparameter",
            chart=True,
        )
    ]


def _shares(records, name):
    """Return each hyperparameter's share, or nothing from too few trials."""
    scores = [r.user_attrs["dev"][name] for r in records]
    if len(records) < _FEW or np.ptp(scores) == 0:
        return {}
    smaller = selection.smaller_is_better(name)
    study = optuna.create_study(direction="minimize" if smaller else "maximize")
    for record, score in zip(records, scores, strict=True):
        study.add_trial(
            optuna.trial.create_trial(
                params=record.params,
                distributions=record.distributions,
                value=score,
            )
        )
    importances = optuna.importance.get_param_importances(study)
    return {k: v for k, v in importances.items() if math.isfinite(v)}
