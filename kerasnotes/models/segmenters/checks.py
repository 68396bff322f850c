"""What a U-Net refuses."""

from kerasnotes import errors
from kerasnotes.models.segmenters import valid
from kerasnotes.ops.pixel_labels import require

_CHOICES = {
    "upsampling": ("transposed", "bilinear"),
    "padding": ("same", "valid"),
    "normalization": ("batch", "group", None),
}


def check(config):
    """Refuse what makes no U-Net.

    Args:
        config: the arguments of `models.UNet`.

    Raises:
        ArgumentError: see above.
    """
    for name, names in _CHOICES.items():
        if config[name] not in names:
            names = [str(n) for n in names]
            raise errors.unknown(f"`{name}`", config[name], names)
    levels = 2 if config["backbone"] is None else 1
    filters, prior = config["filters"], config["prior"]
    for name, holds, rule in (
        ("classes", config["classes"] >= 2, "be 2 or more"),
        ("dropout", 0 <= config["dropout"] < 1, "be in [0, 1)"),
        (
            "filters",
            len(filters) >= levels and min(filters, default=0) >= 1,
            f"have {levels} levels or more, each of 1 or more",
        ),
        (
            "prior",
            prior is None
            or (len(prior) == config["classes"] and min(prior) > 0),
            f"have a share above 0 for each of {config['classes']} classes",
        ),
    ):
        require(name, holds, rule, config[name])
    if config["backbone"] is not None:
        _check_backbone(config)
    _check_shape(config)


def blocks_of_maps(backbone):
    """Return the names of a network's blocks that end in maps.

    Args:
        backbone: a `Network`.
    """
    return [
        name
        for name in backbone.blocks
        if len(backbone.get_layer(name).output.shape) == 4
    ]


def _check_backbone(config):
    backbone, shape = config["backbone"], config["input_shape"]
    require(
        "backbone",
        len(backbone.input_shape) == 4 and blocks_of_maps(backbone),
        "be of pictures and have maps",
        backbone.name,
    )
    expected = tuple(backbone.input_shape[1:])
    require(
        "input_shape",
        shape == expected,
        f"be the backbone's, {expected}, or None",
        shape,
    )
    for name in ("mean", "std"):
        require(
            name,
            config[name] is None,
            "be None: the backbone has its own",
            config[name],
        )
    require(
        "padding",
        config["padding"] == "same",
        "be same with a backbone",
        config["padding"],
    )


def _check_shape(config):
    shape, levels = config["input_shape"], len(config["filters"])
    require(
        "input_shape",
        len(shape) == 3 and shape[2] is not None,
        "be (height, width, channels), the channels known",
        shape,
    )
    if config["padding"] == "same":
        return
    least, step = valid.least(levels)
    for size in shape[:2]:
        if size is None or size < least or (size - least) % step:
            raise errors.refusal(
                "`input_shape`",
                "`input_shape`: with `padding`=valid and "
                f"{levels} levels, heights and widths that fit are "
                f"{_fitting(size, least, step)}: {least} + {step}·k. "
                f"Received: input_shape={shape}",
            )


def _fitting(size, least, step):
    """Return sizes that fit: the least, or those next to one."""
    below = least
    if size is not None and size > least:
        below += (size - least) // step * step
    return f"{below}, {below + step}"
