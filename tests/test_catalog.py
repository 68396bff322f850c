"""The catalog agrees with itself and with the classes that it names."""

import importlib
import inspect

import keras
import pytest

import kerasnotes.models
from kerasnotes import catalog, errors, tasks
from kerasnotes.models import network


@pytest.mark.parametrize("spec", catalog.MODELS.values(), ids=lambda s: s.name)
def test_a_model_is_what_its_entry_says(spec):
    module = importlib.import_module(f"kerasnotes.models.{spec.module}")
    model = getattr(module, spec.attribute)
    assert getattr(kerasnotes.models, spec.attribute) is model
    assert issubclass(model, network.Network)
    assert model.__name__.lower() == spec.name.replace("_", "") or (
        spec.name in ("attention", "nin")
    )
    assert set(spec.kinds) <= set(catalog.KINDS)
    others = (spec.larger, spec.larger_from_64, spec.smaller, spec.alternative)
    for other in filter(None, others):
        assert set(catalog.MODELS[other].kinds) & set(spec.kinds) or (
            spec.name == "linear_regression"
        )
    if spec.application:
        assert inspect.isfunction(getattr(keras.applications, spec.application))
        assert spec.preprocessing in ("caffe", "tf")


@pytest.mark.parametrize(
    "name",
    [
        *(n for n in catalog.names("pictures") if catalog.model(n).flat),
        *("nin", "resnet20", "darknet_small"),
    ],
)
def test_flat_networks_end_in_no_maps(name):
    model = kerasnotes.models.build(name, (32, 32, 1), include_top=False)
    assert len(model.output_shape) == (2 if catalog.model(name).flat else 4)


@pytest.mark.parametrize("step", [catalog.larger, catalog.smaller])
def test_steps_end(step):
    for name in catalog.MODELS:
        passed = []
        while name:
            assert name not in passed
            passed.append(name)
            name = step(name)


def test_larger_than_what_is_smaller():
    steps = {
        name: (catalog.larger(name), catalog.larger(name, 64))
        for name in ("lenet5_teaching", "resnet20", "alexnet", "mlp", "mine")
    }
    assert steps == {
        "lenet5_teaching": ("resnet20", "resnet18"),
        "resnet20": ("resnet32", "resnet32"),
        "alexnet": ("resnet18", "resnet18"),
        "mlp": (None, None),
        "mine": (None, None),
    }
    assert catalog.smaller("resnet20") == "lenet5"


def test_every_task_is_found():
    assert tasks.names() == sorted(catalog.TASKS)
    for name in tasks.names():
        assert tasks.get(name).name == name
    with pytest.raises(errors.UserError, match="task: unknown 'classfy'"):
        tasks.get("classfy")


def test_unknown_names():
    with pytest.raises(errors.ArgumentError, match="`name`: unknown 'lenet'"):
        catalog.model("lenet")
    with pytest.raises(ValueError, match="`kind`: unknown 'images'"):
        catalog.names("images")
