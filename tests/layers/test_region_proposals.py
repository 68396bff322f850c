"""The layer between the two stages."""

import keras
import numpy as np

from kerasnotes import layers, ops

GRIDS = ops.Grids((24, 40), (8,), (((10, 14), (20, 9)),), classes=2)


def test_the_layer_is_its_function_and_reloads():
    y = np.random.default_rng(0).normal(size=(2, GRIDS.size, 5))
    layer = layers.RegionProposals(GRIDS, 7, 0.5, candidates=20)
    again = layers.RegionProposals.from_config(layer.get_config())
    want = ops.region_proposals(y, GRIDS, 7, 0.5, candidates=20)
    for each in (layer, again):
        np.testing.assert_array_equal(each(y), want)
    assert again.grids == GRIDS


def test_shapes_are_known_and_halves_stay_boxes_of_floats():
    inputs = keras.Input((GRIDS.size, 5))
    layer = layers.RegionProposals(GRIDS, 7, dtype="mixed_float16")
    assert layer(inputs).shape == (None, 7, 4)
    y = keras.ops.zeros([1, GRIDS.size, 5], "float16")
    assert layer(y).dtype == "float32"
