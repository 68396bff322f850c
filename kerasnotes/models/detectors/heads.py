"""What detectors share: maps of grids, and numbers at their places."""

import math

import keras

from kerasnotes import errors
from kerasnotes.layers.block import CHANNELS_LAST
from kerasnotes.models.detectors import pyramid


def grid_maps(backbone, grids, filters, layers):
    """Return the pyramid's map of each stride of grids, the finest first.

    Args:
        backbone: a `Network` without its top that ends in maps.
        grids: the `ops.Grids`.
        filters: channels of the maps.
        layers: the model's `convolution.Convolution`.

    Raises:
        ArgumentError: the backbone has no maps of a stride.
    """
    names = pyramid.coarser_than(backbone, min(grids.strides))
    ends = [backbone.get_layer(name).output for name in names]
    shapes = [tuple(x.shape[1:3]) for x in ends]
    places = []
    for stride, (rows, columns, _) in zip(
        grids.strides, grids.shapes, strict=True
    ):
        if (rows, columns) not in shapes:
            raise errors.ArgumentError(
                "strides",
                f"`strides`: {backbone.name} has no maps of {rows}×{columns} "
                f"cells, of stride {stride}. Received: strides="
                f"{grids.strides}",
            )
        places.append(shapes.index((rows, columns)))
    merged = pyramid.top_down(ends, filters, layers)
    return [merged[i] for i in places]


def places(maps, grids, size, prior, layers, kernel_regularizer):
    """Return numbers for each place of grids, `(batch, grids.size, size)`.

    A 1×1 convolution gives them. The bias of each place's first, a logit, is
    that of `σ(t) = prior`: most places have no object, whose loss would else
    drown all others' for the first steps.

    Args:
        maps: what `grid_maps` returns.
        grids: the `ops.Grids`.
        size: the numbers of a place.
        prior: see above.
        layers: the model's `convolution.Convolution`.
        kernel_regularizer: a Keras regulariser.
    """
    dtype = layers.dtype.variable_dtype
    odds = math.log(prior / (1 - prior))

    def bias(shape, dtype=None):
        """Return 0 but for the logits."""
        first = keras.ops.arange(shape[0]) % size == 0
        return keras.ops.where(first, odds, 0.0)

    parts = []
    for x, stride, shape in zip(maps, grids.strides, grids.shapes, strict=True):
        rows, columns, count = shape
        x = keras.layers.Conv2D(
            count * size,
            1,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            bias_initializer=bias,
            kernel_regularizer=kernel_regularizer,
            dtype=dtype,
            name=f"logits_{stride}",
            **CHANNELS_LAST,
        )(x)
        parts.append(
            keras.layers.Reshape(
                (rows * columns * count, size),
                dtype=dtype,
                name=f"places_{stride}",
            )(x)
        )
    if len(parts) == 1:
        return parts[0]
    return keras.layers.Concatenate(1, dtype=dtype, name="places")(parts)


def check_prior(prior):
    """Refuses a probability that is none."""
    if not 0 < prior < 1:
        raise errors.ArgumentError(
            "prior", f"`prior` must lie between 0 and 1. Received: {prior}"
        )
