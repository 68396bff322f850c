import keras
import numpy as np
import pytest

from kerasnotes.ops.receptive_field import Field
from kerasnotes.tools.visualize import heat_maps

L = keras.layers
PICTURES = np.random.default_rng(0).integers(0, 256, (3, 12, 10, 3), "uint8")
CLASSES = [2, 0, 3]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((12, 10, 3)),
            L.Rescaling(1 / 255),
            L.Conv2D(6, 3, activation="relu", name="first"),
            L.Conv2D(8, 3, strides=2, activation="relu", name="maps"),
            L.GlobalAveragePooling2D(),
            L.Dropout(0.5),
            L.Dense(4, bias_initializer="random_normal", name="logits"),
        ]
    )


def test_class_activation_maps_sum_to_the_logit(model):
    assert heat_maps.pooled(model).name == "maps"
    method, maps = heat_maps.heat_maps(model, "maps", PICTURES, CLASSES)
    assert method == heat_maps.CAM
    logits = np.array(model(PICTURES.astype("float32")))
    bias = np.array(model.get_layer("logits").bias)[CLASSES]
    np.testing.assert_allclose(
        maps.mean(axis=(1, 2)) + bias, logits[range(3), CLASSES], rtol=1e-4
    )


def test_grad_cam_is_the_same_map_where_both_apply(model, monkeypatch):
    _, exact = heat_maps.heat_maps(model, "maps", PICTURES, CLASSES)
    monkeypatch.setattr(heat_maps, "pooled", lambda model: None)
    method, maps = heat_maps.heat_maps(model, "maps", PICTURES, CLASSES)
    assert method == heat_maps.GRAD_CAM
    want = np.maximum(exact, 0) / exact[0].size
    np.testing.assert_allclose(maps, want, rtol=1e-4, atol=1e-7)


def test_grad_cam_weighs_by_mean_gradient(model):
    """The derivative by a small step in one map, everywhere at once."""
    _, maps = heat_maps.heat_maps(model, "first", PICTURES, CLASSES)
    first = keras.Model(model.inputs, model.get_layer("first").output)
    acts = np.array(first(PICTURES.astype("float32")))
    want, step = 0, 1e-2
    for k in range(acts.shape[-1]):
        ahead, behind = acts.copy(), acts.copy()
        ahead[..., k] += step
        behind[..., k] -= step
        difference = rest(model, ahead) - rest(model, behind)
        slope = difference[range(3), CLASSES] / (2 * step)
        size = acts.shape[1] * acts.shape[2]
        want = want + slope[:, None, None] / size * acts[..., k]
    np.testing.assert_allclose(
        maps, np.maximum(want, 0), rtol=0.1, atol=0.02 * maps.max()
    )


def rest(model, acts):
    x = acts
    for layer in model.layers[2:]:
        x = layer(x)
    return np.array(x)


def test_frozen_networks_have_heat_maps_too(model):
    _, want = heat_maps.heat_maps(model, "first", PICTURES, CLASSES)
    model.trainable = False
    _, found = heat_maps.heat_maps(model, "first", PICTURES, CLASSES)
    model.trainable = True
    np.testing.assert_allclose(found, want, rtol=1e-6)


def test_heat_lies_at_the_centres_of_fields():
    heat = np.zeros((3, 3))
    heat[1, 2] = 1
    fields = Field(5, 4, -1), Field(3, 2, 0)
    found = heat_maps.spread(heat, fields, (12, 8))
    # Centres: rows 1, 5, 9; columns 1, 3, 5.
    assert found[5, 5] == 1 and found[5, 7] == 1
    assert found[1, 5] == 0 and found[5, 4] == 0.5 and found[3, 5] == 0.5
