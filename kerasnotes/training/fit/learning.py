"""Supervised learning: fit, then parts of the training set if asked."""

import dataclasses

from kerasnotes.training.distribute import workers
from kerasnotes.training.fit import loop
from kerasnotes.training.report import learning_curve


def learn(task, run, data):
    """Trains by `fit`, decides on dev, then trains on parts if asked.

    Args:
        task: the `SupervisedTask`.
        run: the `Run`, its folder open and locked.
        data: the `Data`.

    Returns:
        The `Trained`. Its `state["curve"]` is the list of points of the
        learning curve, or None without `--learning_curve`.
    """
    learning_curve.sizes(run.config, data.splits["train"])
    trained = loop.learn(task, run, data)
    state = trained.state | {"curve": None}
    if run.config.learning_curve is not None:
        if state["nudges"] and workers.is_chief():
            print("learning curve: the parts train by the flags, not nudged")
        state["curve"] = learning_curve.learning_curve(task, run, data)
    return dataclasses.replace(trained, state=state)
