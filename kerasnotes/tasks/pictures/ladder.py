"""Which models of pictures are next to each other in size, for advice."""

import itertools

_LADDERS = (
    ("lenet5", "resnet20"),
    ("lenet5_teaching", "resnet20", "resnet32", "resnet44", "resnet56"),
    ("resnet56", "resnet110"),
    ("nin", "resnet20"),
    ("resnet20", "resnet18"),
    ("alexnet", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    ("mobilenet_v2", "mobilenet", "resnet50"),
    ("googlenet", "resnet50"),
    ("vgg16", "resnet50"),
    ("vgg19", "resnet50"),
)
_LARGE_PICTURES = {"lenet5": "resnet18", "lenet5_teaching": "resnet18"}
_LARGE = 64

PRETRAINED = ("mobilenet", "mobilenet_v2", "resnet50", "vgg16")
"""Some models that have weights from ImageNet."""


def larger(model, side=None):
    """Returns the next larger model, or None.

    Args:
        model: a model's name.
        side: the side of its picture, where it is known.

    >>> larger("lenet5"), larger("lenet5", 96), larger("resnet152")
    ('resnet20', 'resnet18', None)
    """
    if (side or 0) >= _LARGE and model in _LARGE_PICTURES:
        return _LARGE_PICTURES[model]
    pairs = (p for rungs in _LADDERS for p in itertools.pairwise(rungs))
    return next((after for before, after in pairs if before == model), None)


def smaller(model):
    """Returns the next smaller model, or None.

    >>> smaller("resnet50"), smaller("resnet18"), smaller("lenet5")
    ('resnet34', 'resnet20', None)
    """
    pairs = (p for rungs in _LADDERS for p in itertools.pairwise(rungs))
    return next((before for before, after in pairs if after == model), None)
