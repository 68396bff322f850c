"""What help texts list is what the components take."""

import inspect

import keras
import pytest

from kerasnotes import choices, errors, optimizers, specs
from kerasnotes.models import network
from kerasnotes.optimizers import initializers, schedules
from kerasnotes.tasks import get, names

# What every optimiser of Keras takes, or a flag gives.
COMMON = {
    *("learning_rate", "name", "kwargs", "clipnorm", "clipvalue"),
    *("global_clipnorm", "use_ema", "ema_momentum", "ema_overwrite_frequency"),
    *("loss_scale_factor", "gradient_accumulation_steps", "exclude_layers"),
}


def arguments(function, common):
    """Return the defaults of a function's arguments but the common ones."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in common
        and (name != "weight_decay" or parameter.default is not None)
    }


def listed(name, text):
    return specs.parse("--flag", f"{name}:{text}")[1]


def test_optimizers_are_those_that_there_are():
    assert list(choices.OPTIMIZERS) == optimizers.names()
    for name, text in choices.OPTIMIZERS.items():
        kind = type(optimizers.get(name, 0.1))
        assert listed(name, text) == arguments(kind, COMMON), name
        optimizers.get(f"{name}:{text}", 0.1)


def test_schedules_are_those_that_there_are():
    assert list(choices.SCHEDULES) == schedules.names()
    for name, text in choices.SCHEDULES.items():
        if name != "by_hand":
            kind = schedules._SCHEDULES[name]
            assert listed(name, text) == arguments(kind, {"run"}), name


def test_initializers_and_activations_are_those_that_there_are():
    assert list(choices.INITIALIZERS) == initializers.names()
    layer = keras.layers.Dense(1, name="a")
    for name in choices.ACTIVATIONS:
        network.block(keras.Input([1]), layer, name)
    with pytest.raises(errors.ArgumentError) as caught:
        network.block(keras.Input([1]), layer, "swish")
    assert all(name in str(caught.value) for name in choices.ACTIVATIONS)


@pytest.mark.parametrize("task", names())
def test_help_names_them_with_their_arguments(task):
    fields = get(task).Config.__dataclass_fields__
    optimizer = fields["optimizer"].metadata["help"]
    assert choices.listed(choices.OPTIMIZERS) in optimizer
    schedule = fields["lr_schedule"].metadata["help"]
    assert choices.listed(choices.SCHEDULES) in schedule
    if "activation" in fields:
        allowed = fields["activation"].metadata["choices"]
        assert allowed == choices.ACTIVATIONS
    if "initializer" in fields:
        initializer = fields["initializer"].metadata["help"]
        assert all(name in initializer for name in choices.INITIALIZERS)
