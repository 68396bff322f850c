"""Layers: importing them registers them, so that saved models reload."""

from kerasnotes.layers.additive_attention import (
    AdditiveAttention,
    AttentionCell,
    AttentionRNN,
)
from kerasnotes.layers.block import Block, KernelBlock
from kerasnotes.layers.cropping import CropLike
from kerasnotes.layers.depthwise import DepthwiseSeparable, InvertedResidual
from kerasnotes.layers.inception import Inception, NaiveInception
from kerasnotes.layers.mask_head import MaskHead
from kerasnotes.layers.mask_regions import MaskRegions
from kerasnotes.layers.multi_head_attention import MultiHeadAttention
from kerasnotes.layers.normalization import (
    LocalResponseNormalization,
    Standardization,
)
from kerasnotes.layers.padding import ZeroPadChannels
from kerasnotes.layers.positions import SinusoidalPositions
from kerasnotes.layers.recurrent import GRUCell, LSTMCell
from kerasnotes.layers.region_detections import RegionDetections
from kerasnotes.layers.region_proposals import RegionProposals
from kerasnotes.layers.regions import RoIAlign, RoIPooling
from kerasnotes.layers.residual import ConvolutionalBlock, IdentityBlock
from kerasnotes.layers.soft_argmax import SoftArgmax
from kerasnotes.layers.transformer import (
    TransformerDecoderBlock,
    TransformerEncoderBlock,
)
from kerasnotes.layers.upsampling import BilinearUpsampling

__all__ = [
    "AdditiveAttention",
    "AttentionCell",
    "AttentionRNN",
    "BilinearUpsampling",
    "Block",
    "ConvolutionalBlock",
    "CropLike",
    "DepthwiseSeparable",
    "GRUCell",
    "IdentityBlock",
    "Inception",
    "InvertedResidual",
    "KernelBlock",
    "LSTMCell",
    "LocalResponseNormalization",
    "MaskHead",
    "MaskRegions",
    "MultiHeadAttention",
    "NaiveInception",
    "RegionDetections",
    "RegionProposals",
    "RoIAlign",
    "RoIPooling",
    "SinusoidalPositions",
    "SoftArgmax",
    "Standardization",
    "TransformerDecoderBlock",
    "TransformerEncoderBlock",
    "ZeroPadChannels",
]


def __dir__():
    return __all__
