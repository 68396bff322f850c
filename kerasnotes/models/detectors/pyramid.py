"""Fine maps that know what coarse ones have seen."""

import keras

from kerasnotes.layers.block import CHANNELS_LAST


def coarser_than(backbone, stride):
    """Return the names of a network's maps at a stride and coarser.

    Args:
        backbone: a `Network` of pictures.
        stride: pixels of the picture between two places of the finest map
            wanted.

    Returns:
        Names of layers, the finest first; of each size the last.

    >>> from kerasnotes import models
    >>> trunk = models.ResNet18((64, 64, 3), include_top=False, width=0.25)
    >>> coarser_than(trunk, 16)
    ['conv4_block2_out', 'conv5_block2_out']
    """
    height = backbone.input_shape[1]
    maps = backbone.features().output
    # Of odd sizes a map has a place more, or one less.
    return [n for n, x in maps.items() if height / x.shape[1] > 0.75 * stride]


def top_down(maps, filters, layers):
    """Return maps to each of which the coarser ones are added.

    `P_l = conv(M_l)`, `M_l = conv1×1(C_l) + up(M_{l+1})`

    Args:
        maps: symbolic maps C, the finest first.
        filters: channels of all that is made of them.
        layers: the model's `convolution.Convolution`.

    Returns:
        The maps P, in the order of `maps`.

    Source: Lin et al., Feature pyramid networks (2017), section 3.
    """
    above, merged = None, []
    for level in range(len(maps) - 1, -1, -1):
        x = maps[level]
        lateral = keras.layers.Conv2D(
            layers.scaled(filters),
            1,
            dtype=layers.dtype,
            name=f"lateral_{level + 1}",
            **CHANNELS_LAST,
        )(x)
        if above is not None:
            # Sizes that are odd are no multiples of those above. The layer
            # `Resizing` would put all layers after it in training mode
            # wherever a call doesn't say which mode it is.
            larger = keras.ops.image.resize(
                above,
                x.shape[1:3],
                interpolation="nearest",
                **CHANNELS_LAST,
            )
            lateral = keras.layers.Add(
                dtype=layers.dtype, name=f"merged_{level + 1}"
            )([lateral, larger])
        above = lateral
        merged.append(layers(above, filters, 3, f"pyramid_{level + 1}"))
    return merged[::-1]
