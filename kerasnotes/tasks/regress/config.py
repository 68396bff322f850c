"""The flags of regression."""

import dataclasses
import functools

from kerasnotes import catalog, choices, flag_paths
from kerasnotes.training.run import config as config_lib

option, redefault = config_lib.option, config_lib.redefault


@dataclasses.dataclass(frozen=True)
class Config(config_lib.FitConfig):
    """The flags of a regression."""

    dataset: str = option(
        "diabetes",
        "Data set: diabetes, or a CSV file of numbers under a header.",
        path=functools.partial(flag_paths.absolute, names=("diabetes",)),
    )
    target: str | None = option(None, "Target column; default the last.")
    weight: str | None = option(
        None, "Column of example weights; it is no input."
    )
    model: str = option(
        "linear_regression",
        "Model architecture.",
        choices=tuple(catalog.names("tables")),
    )
    batch_size: int = redefault(
        "batch_size",
        1024,
        "Global batch size: examples per step; the training set if it is "
        "smaller, or all.",
    )
    epochs: int = redefault("epochs", 250)
    # Momentum swings about the minimum, and of its swings the luckiest on dev
    # would be kept: the average takes them out.
    learning_rate: float = redefault("learning_rate", 0.1)
    optimizer: str = redefault("optimizer", "sgd:momentum=0.93")
    clip_norm: float | None = redefault("clip_norm", 1.0)
    weight_average: float | None = redefault("weight_average", 0.96)
    optimize: str = redefault("optimize", "mse")
    split: str | None = option(
        None,
        "Splits: 'train[:80%],dev[80%:]' by rows in the file's order, "
        "'train=85%,dev=15%' at random; default 60/20/20 %.",
    )
    hidden: str | None = option(
        None, "Units of the hidden layers, as '128,64'."
    )
    activation: str | None = option(
        None,
        "Activation function of the hidden layers; default the model's.",
        choices=choices.ACTIVATIONS,
    )
    dropout: float | None = option(
        None,
        "Dropout rate of the hidden units; the notes' keep_prob is 1 minus it.",
    )
    input_dropout: float | None = option(
        None,
        "Dropout rate of the model's inputs; default 0.",
        bounds=(0, 1),
    )
