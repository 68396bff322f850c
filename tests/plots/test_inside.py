"""Filters, patches, activation maps and heat as pictures."""

import numpy as np
import pytest

from kerasnotes.plots import activations, filters, heat_map, patches


def drawn(figure, place=0):
    return np.asarray(figure.axes[place].images[0].get_array())


def test_filters_are_scaled_each_by_itself():
    kernels = np.zeros((3, 3, 3, 3))
    kernels[0, 0, 0, 0], kernels[1, 1, 1, 0] = 2, -1
    kernels[0, 0, 0, 1] = 0.1
    figure = filters.filters(kernels)
    first, second, silent = (drawn(figure, i) for i in range(3))
    assert first[0, 0].tolist() == [255, 128, 128]
    assert first[1, 1].tolist() == [128, 64, 128]
    assert second[0, 0].tolist() == [255, 128, 128]
    assert (silent == 128).all()
    with pytest.raises(ValueError, match="`kernels`"):
        filters.filters(np.zeros((3, 3, 2, 1)))


def test_patches_fill_a_square_row_by_row():
    shades = [np.full((8, 8, 1), 20 * i, "uint8") for i in range(9)]
    figure = patches.patches([shades, shades[:1]], ["a", "b"])
    square = drawn(figure)
    side = square.shape[0]
    for i in range(9):
        row, column = divmod(i, 3)
        y, x = (int((n + 0.5) * side / 3) for n in (row, column))
        assert (square[y, x] == 20 * i).all()
    assert (drawn(figure, 1)[-1] == 255).all()


def test_units_keep_one_scale_over_pictures():
    maps = np.zeros((2, 2, 2, 2))
    maps[0, 0, 0, 0], maps[1, 0, 0, 0], maps[1, 0, 0, 1] = 2, 1, 1
    pictures = np.zeros((2, 4, 4, 1), "uint8")
    figure = activations.activations(pictures, maps, "ab", "01")
    tiles = [drawn(figure, i) for i in range(6)]
    brightness = [int(tile[0, 0].sum()) for tile in tiles if tile.ndim == 3]
    full, none, half, full_too = brightness
    assert full == full_too > half > none
    with pytest.raises(ValueError, match="`units`"):
        activations.activations(pictures, maps, "ab", "0")


def test_heat_marks_and_the_rest_stays():
    picture = np.full((2, 2, 3), 100, "uint8")
    found = heat_map.overlay(picture, [[0, -3], [1, 5]])
    assert found[0].tolist() == [[65] * 3] * 2
    (cool, hot) = found[1].astype(int)
    assert hot[0] > cool[0] > 65 and hot.sum() > cool.sum()
    assert (heat_map.overlay(picture, np.zeros((2, 2))) == 65).all()
    with pytest.raises(ValueError, match="`heat`"):
        heat_map.overlay(picture, [[1]])
