"""Stateless functions of tensors."""

from kerasnotes.ops.activations import hardmax
from kerasnotes.ops.anchors import anchor_clusters
from kerasnotes.ops.attention import (
    masked_softmax,
    scaled_dot_product_attention,
)
from kerasnotes.ops.boundaries import boundary
from kerasnotes.ops.box_regression import apply_deltas, box_deltas
from kerasnotes.ops.boxes import ciou, giou, iou, shape_iou
from kerasnotes.ops.convolution import (
    cross_correlation,
    edge_filter,
    output_size,
    pad_widths,
    true_convolution,
)
from kerasnotes.ops.grids import Grids
from kerasnotes.ops.localization import notes_answer, notes_target
from kerasnotes.ops.pasting import paste_masks
from kerasnotes.ops.pooling import (
    average_pool,
    average_pool_gradient,
    max_pool,
    max_pool_gradient,
)
from kerasnotes.ops.proposals import region_answers, region_proposals
from kerasnotes.ops.receptive_field import Field
from kerasnotes.ops.region_pooling import roi_pool
from kerasnotes.ops.region_sampling import sampling_weights
from kerasnotes.ops.region_targets import anchor_boxes, match_regions
from kerasnotes.ops.regions import roi_align
from kerasnotes.ops.sequences import (
    END,
    PAD,
    START,
    look_ahead_mask,
    padding_mask,
)
from kerasnotes.ops.suppression import (
    non_max_suppression,
    soft_non_max_suppression,
)
from kerasnotes.ops.transposed_convolution import (
    transposed_convolution,
    transposed_size,
)
from kerasnotes.ops.yolo import (
    yolo_activate,
    yolo_ceiling,
    yolo_decode,
    yolo_encode,
)

__all__ = [
    "END",
    "Field",
    "Grids",
    "PAD",
    "START",
    "anchor_boxes",
    "anchor_clusters",
    "apply_deltas",
    "average_pool",
    "average_pool_gradient",
    "boundary",
    "box_deltas",
    "ciou",
    "cross_correlation",
    "edge_filter",
    "giou",
    "hardmax",
    "iou",
    "look_ahead_mask",
    "masked_softmax",
    "match_regions",
    "max_pool",
    "max_pool_gradient",
    "non_max_suppression",
    "notes_answer",
    "notes_target",
    "output_size",
    "pad_widths",
    "padding_mask",
    "paste_masks",
    "region_answers",
    "region_proposals",
    "roi_align",
    "roi_pool",
    "sampling_weights",
    "scaled_dot_product_attention",
    "shape_iou",
    "soft_non_max_suppression",
    "transposed_convolution",
    "transposed_size",
    "true_convolution",
    "yolo_activate",
    "yolo_ceiling",
    "yolo_decode",
    "yolo_encode",
]


def __dir__():
    return __all__
