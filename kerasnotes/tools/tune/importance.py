"""Searches of the hyperparameters in the order of their importance.

Source: course 2, "Tuning process": first the learning rate; then momentum,
batch size and hidden units; then layers and learning-rate decay.
"""

import re

from kerasnotes import catalog, choices, errors, models, specs
from kerasnotes.tools.tune import search_text

_LEVELS = ("1", "2", "3")
_PRESET = re.compile(r"importance:([^,]*)(?:,|$)")
_UNITS = {
    # By the model's argument, and whether the flag lists units.
    "hidden": ("hidden=int:50:100", "hidden=layers:2-4:50-100"),
    "width": ("width=choice:64|128|256", "width=choice:64|128|256"),
    "channels": ("width=uniform:0.5:1", "width=uniform:0.5:1"),
}


def is_preset(text):
    """Return whether a `--search` begins with a preset.

    >>> is_preset("importance:2,l2=log:1e-3:10"), is_preset("l2=log:1e-3:10")
    (True, False)
    """
    return bool(_PRESET.match(text))


def expanded(text, config):
    """Return a `--search` with its preset written out.

    | preset | what is drawn |
    |---|---|
    | `importance:1` | the learning rate α |
    | `importance:2` | also momentum β, the batch size, the units |
    | `importance:3` | also the number of layers, learning-rate decay |

    What the trainer's model or optimiser has no use for is left out.

    Args:
        text: the `--search`.
        config: the trainer's Config without the search.

    Raises:
        UserError: there is no such preset.

    >>> from kerasnotes.training.run.config import FitConfig
    >>> expanded("importance:1,l2=log:1e-3:10", FitConfig())
    'learning_rate=log:1e-4:1,l2=log:1e-3:10'
    """
    preset = _PRESET.match(text)
    if not preset:
        return text
    level = preset[1].strip()
    if level not in _LEVELS:
        raise errors.unknown("--search=importance", level, _LEVELS)
    parts, units = ["learning_rate=log:1e-4:1"], _units(config)
    if level > "1":
        parts += _momentum(config)
        parts += ["batch_size=choice:64|128|256|512"]
        parts += [_UNITS[units][level == "3"]] if units else []
    if level > "2":
        parts += ["layers=int:1:3"] if _takes(config, "layers") else []
        parts += ["lr_schedule=choice:constant|inverse|exponential|cosine"]
    rest = text[preset.end() :].strip()
    return ",".join([*parts, rest] if rest else parts)


def _momentum(config):
    """Return β where the optimiser has one, in a list."""
    name = config.optimizer.partition(":")[0]
    known = specs.parse("--", f"{name}:{choices.OPTIMIZERS.get(name, '')}")[1]
    has = search_text.beta(name) in known
    return ["beta=one_minus_log:0.9:0.999"] if has else []


def _units(config):
    """Return which of `_UNITS` the model has, or None."""
    if _takes(config, "hidden") and not _takes(config, "width"):
        return "hidden"
    if not _takes(config, "width"):
        return None
    return "width" if isinstance(config.width, int) else "channels"


def _takes(config, argument):
    """Return whether there is a flag of the name that the model takes."""
    name = getattr(config, "model", None)
    known = models.arguments_of(name) if name in catalog.MODELS else ()
    return argument in known and hasattr(config, argument)
