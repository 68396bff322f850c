"""The patches of pictures that excite a layer's units most.

Source: Zeiler and Fergus, Visualizing and understanding convolutional
networks (2014), section 4.
"""

import dataclasses

import keras
import numpy as np

from kerasnotes.data.common import progress

_FILL = 200


@dataclasses.dataclass(frozen=True)
class Peaks:
    """The largest activations of each of a layer's units, one a picture.

    Attributes:
        values: the activations, `[k, units]`, the largest first.
        places: the places of their pictures, `[k, units]`.
        spots: where in the map they are, `row · width + column`.
    """

    values: np.ndarray
    places: np.ndarray
    spots: np.ndarray

    def parts(self):
        """Return values, places and spots."""
        return self.values, self.places, self.spots

    def best(self, other, count):
        """Return the `count` largest of these and of others."""
        pairs = zip(self.parts(), other.parts(), strict=True)
        both = [np.concatenate(pair) for pair in pairs]
        order = np.argsort(-both[0], axis=0, kind="stable")[:count]
        return Peaks(*(np.take_along_axis(part, order, 0) for part in both))

    def first(self, count):
        """Return the first `count`."""
        return Peaks(*(part[:count] for part in self.parts()))


def peaks(model, names, pictures, batch_size, count=9):
    """Return the `Peaks` of each layer, reading the pictures once.

    It holds the maps of one batch, and `count` peaks of each unit.

    Args:
        model: a functional model.
        names: names of layers whose output is `(batch, height, width,
            units)`.
        pictures: has `len` and `at(places)`.
        batch_size: how many pictures to read at once.
        count: how many peaks to keep.
    """
    taps = keras.Model(
        model.inputs, {n: _peaks(model.get_layer(n).output) for n in names}
    )
    best = {}
    starts = range(0, len(pictures), batch_size)
    for start in progress.progress(starts, len(starts), "looking at batches"):
        places = np.arange(start, min(start + batch_size, len(pictures)))
        activations = taps.predict_on_batch(
            pictures.at(places).astype("float32")
        )
        for name, (values, spots) in activations.items():
            all_places = np.broadcast_to(places[:, None], spots.shape)
            new = Peaks(values, all_places, spots)
            best[name] = best.get(name, new.first(0)).best(new, count)
    return best


def _peaks(maps):
    """Return each map's largest activation, and where it is."""
    _, height, width, units = maps.shape
    flat = keras.ops.reshape(maps, (-1, height * width, units))
    return keras.ops.max(flat, axis=1), keras.ops.argmax(flat, axis=1)


def cut(picture, fields, unit):
    """Return the part of a picture that a unit sees.

    What lies outside the picture is light grey; along an axis that the
    receptive field spans whole, the part is the whole.

    Args:
        picture: uint8 `[height, width, channels]`.
        fields: a `Field` for height and width.
        unit: row and column of the unit in its map.

    >>> from kerasnotes.ops.receptive_field import Field
    >>> picture = np.arange(9, dtype="uint8").reshape([3, 3, 1])
    >>> cut(picture, (Field(2, 1, -1), Field(9)), (0, 0))[..., 0].tolist()
    [[200, 200, 200], [0, 1, 2]]
    """
    spans = []
    for field, place, length in zip(
        fields, unit, picture.shape[:2], strict=True
    ):
        first, end = field.of(place)
        spans.append((0, length) if end - first >= length else (first, end))
    inside = tuple(
        slice(max(first, 0), min(end, length))
        for (first, end), length in zip(spans, picture.shape[:2], strict=True)
    )
    widths = [
        (part.start - first, end - part.stop)
        for (first, end), part in zip(spans, inside, strict=True)
    ]
    return np.pad(picture[inside], [*widths, (0, 0)], constant_values=_FILL)


def of_unit(peaks_found, row, unit, pictures):
    """Return the patches of a unit, the most exciting first.

    Only those above 0: what gives 0 or less doesn't excite.

    Args:
        peaks_found: the layer's `Peaks`.
        row: the layer's row of `mechanics.table`.
        unit: the unit.
        pictures: as for `peaks`.
    """
    cuts = []
    for value, place, spot in zip(
        *(part[:, unit] for part in peaks_found.parts()), strict=True
    ):
        if value > 0:
            at = divmod(int(spot), row.shape[1])
            cuts.append(cut(pictures.at([place])[0], row.fields, at))
    return cuts
