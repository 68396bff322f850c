"""What networks share that propose regions and then look at them."""

import dataclasses
import typing

import keras

from kerasnotes.layers import region_proposals, regions
from kerasnotes.models import network
from kerasnotes.models.detectors import heads, region_head
from kerasnotes.models.pictures import convolution
from kerasnotes.ops import grids as grids_lib

POOL = 7
"""Places a side of what RoI align cuts out of a region."""


@dataclasses.dataclass(frozen=True)
class Stages:
    """The graph of both stages.

    Attributes:
        config: of the model.
        layers: its `convolution.Convolution`.
        grids: the `ops.Grids` of the anchors.
        maps: what regions are cut out of, the finest of the pyramid.
        outputs: a dictionary of `anchors` and `regions`.
        blocks: as of a `Network`.
    """

    config: dict
    layers: convolution.Convolution
    grids: grids_lib.Grids
    maps: typing.Any
    outputs: dict
    blocks: list

    @property
    def stride(self):
        """Pixels between two places of the maps."""
        return min(self.grids.strides)


class TwoStages(network.Network):
    """A region proposal network and a head on one backbone.

    A subclass hands over the arguments of its constructor, and may add
    outputs, of the model by `further_outputs` and of the one that trains by
    `further_training_outputs`.

    Args:
        config: the subclass's arguments, of which these are read:
            `backbone`, `classes`, `anchors`, `strides`, `filters`,
            `proposals`, `hidden`, `dropout`, `prior`, `initializer` and
            `kernel_regularizer`, as in `FasterRCNN`.
        name: the model's name.
        dtype: the heads' dtype policy, or its name.

    Attributes:
        grids: the `ops.Grids` of the anchors.
        true_columns: the columns of `boxes` in `training_model`.
    """

    true_columns = 4

    def __init__(self, config, name, dtype):
        heads.check_prior(config["prior"])
        region_head.check(
            proposals=config["proposals"], hidden=config["hidden"]
        )
        stages = _stages(config, dtype)
        super().__init__(
            config["backbone"].input,
            stages.outputs | self.further_outputs(stages),
            config,
            name,
            stages.layers.dtype,
            blocks=stages.blocks,
        )
        self.grids = stages.grids

    def further_outputs(self, stages):
        """Return a dictionary of outputs beside those of both stages.

        Args:
            stages: the `Stages`.
        """
        return {}

    def further_training_outputs(self, maps, proposals, truth):
        """Return a dictionary of further outputs to train.

        Args:
            maps: as in `Stages`.
            proposals: of the first stage, `(batch, n, 4)`.
            truth: the second input of `training_model`.
        """
        return {}

    def training_model(self):
        """Return a model that looks at true boxes too, on the same weights.

        The second stage learns from the first step on what an object is, and
        its loss in one epoch has the same meaning as in another.

        Returns:
            A `keras.Model` of a dictionary of `pixels`, and `boxes`, `(batch,
            m, true_columns)`, those without an area being padding; it returns
            what this model does, with the boxes behind the proposals.
        """
        pixels = keras.Input(self.input_shape[1:], name="pixels")
        truth = keras.Input((None, self.true_columns), name="boxes")
        align, proposals = map(self.get_layer, ("roi_align", "proposals"))
        parts = keras.Model(
            self.input,
            {
                "anchors": self.output["anchors"],
                "maps": align.input[0],
                "proposals": proposals.output,
            },
        )(pixels)
        maps, proposed = parts["maps"], parts["proposals"]
        boxes = keras.layers.Concatenate(1, dtype="float32", name="both")(
            [proposed, truth if self.true_columns == 4 else truth[..., :4]]
        )
        x = align(maps, boxes)
        outputs = {
            "anchors": parts["anchors"],
            "regions": region_head.again(self, x, boxes),
            **self.further_training_outputs(maps, proposed, truth),
        }
        return keras.Model(
            {"pixels": pixels, "boxes": truth}, outputs, name=self.name
        )


def _stages(config, dtype):
    """Return the graph of both stages."""
    backbone, regularizer = config["backbone"], config["kernel_regularizer"]
    grids = grids_lib.Grids(
        backbone.input_shape[1:3],
        *(config[key] for key in ("strides", "anchors", "classes")),
    )
    layers = convolution.Convolution(
        *(config["initializer"], regularizer, 1.0, True),
        dtype=network.policy(dtype),
    )
    maps = heads.grid_maps(backbone, grids, config["filters"], layers)
    at_anchors = heads.places(
        *(maps, grids, 5, config["prior"], layers, regularizer)
    )
    boxes = region_proposals.RegionProposals(
        grids, config["proposals"], name="proposals"
    )(at_anchors)
    x = regions.RoIAlign(
        POOL, min(grids.strides), dtype=layers.dtype, name="roi_align"
    )(maps[0], boxes)
    outputs = {
        "anchors": at_anchors,
        "regions": region_head.answer(x, boxes, layers, config),
    }
    ends = [*map(network.name_of, maps), *region_head.BLOCKS]
    blocks = [*backbone.blocks, *ends]
    return Stages(config, layers, grids, maps[0], outputs, blocks)
