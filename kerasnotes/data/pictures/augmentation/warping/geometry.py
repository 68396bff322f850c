"""The geometry of augmentation: what is drawn, and the matrix it makes."""

import dataclasses
from typing import ClassVar

import numpy as np

from kerasnotes.data.pictures.augmentation.warping import fields, warp

_ASPECT = (3 / 4, 4 / 3)


@dataclasses.dataclass(frozen=True)
class Geometry:
    """Random crop, mirroring, turn, shear, scale, shift and local warp.

    All that is drawn for a picture is one warp with one resampling. In this
    order: a window is laid over the picture, brought to the target's size,
    mirrored; sheared, scaled and turned about its middle; shifted; warped
    locally. What a turn brings in from beyond the window is the picture's.

    Without `crop`, the window has the target's size, and lies at a random
    whole pixel of the picture with `pad` pixels around.

    Args:
        mirror: whether every other picture is mirrored left to right.
        flip: whether every other one is turned upside down.
        shift: largest shift along each axis, a share of the side.
        rotate: largest turn either way, in degrees.
        shear: largest shear along each axis, in degrees.
        scale: the scale lies between `1 - scale` and `1 + scale`.
        crop: least and largest area of a random window, shares of the
            picture's; its aspect, relative to the target's, lies between 3/4
            and 4/3, log-uniformly. Or None.
        pad: pixels that the window may reach beyond the picture.
        warp: the local warp's standard deviation, a share of the shorter
            side; its displacements are cubic splines over a grid of 4 cells.
        fill: what shows beyond the border, as of `Warps`.

    Raises:
        ValueError: an argument is out of its range.

    >>> geometry = Geometry(mirror=True, rotate=10)
    >>> unmoved = np.full([1, geometry.width], 0.5)
    >>> geometry.sample(unmoved, (8, 8), (8, 8)).matrices[0].tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]

    Sources: A. Krizhevsky et al., ImageNet Classification with Deep CNNs,
    2012, section 4.1 (crops, mirroring); C. Szegedy et al., Going deeper
    with convolutions, 2014, section 6 (windows by area and aspect).
    """

    mirror: bool = False
    flip: bool = False
    shift: float = 0.0
    rotate: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    crop: tuple | None = None
    pad: int = 0
    warp: float = 0.0
    fill: str = "auto"

    COLUMNS: ClassVar[tuple] = (
        "mirror", "flip", "left", "top", "area", "aspect", "rotate", "scale",
        "shear_x", "shear_y", "shift_x", "shift_y", "warp",
    )  # fmt: skip
    """What the random numbers of a picture are for; the window has four."""

    width: ClassVar[int] = len(COLUMNS)
    """The random numbers that each picture needs."""

    MOST: ClassVar[dict] = {
        "shift": 1, "rotate": 180, "shear": 40, "scale": 0.9, "pad": np.inf,
        "warp": fields.MOST,
    }  # fmt: skip
    """The largest value of each argument; two shears beyond 45° would fold."""

    def __post_init__(self):
        for name, most in self.MOST.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise ValueError(
                    f"`{name}` lies between 0 and {most}. Received: {value}"
                )
        if self.fill not in warp.FILLS:
            raise ValueError(
                f"`fill` is one of {', '.join(warp.FILLS)}. "
                f"Received: {self.fill!r}"
            )
        if self.crop is not None:
            least, most = self.crop
            if not 0 < least <= most <= 1 or self.pad:
                raise ValueError(
                    "`crop` is the least and largest share of the area, up to "
                    f"1, and goes without `pad`. Received: {self.crop}, "
                    f"pad={self.pad}"
                )

    def sample(self, numbers, source_size, target_size):
        """Return the `Warps` that random numbers make.

        Args:
            numbers: uniform in [0, 1), `[b, width]`.
            source_size: height and width of the pictures.
            target_size: height and width of what they become.

        Raises:
            ValueError: the target is larger than the picture and its
                padding, and `crop` is None.
        """
        numbers = np.asarray(numbers, np.float64)
        either = 2 * numbers - 1
        height, width = target_size
        mirror = np.where(numbers[:, 0] < 0.5, -1, 1) if self.mirror else 1
        flip = np.where(numbers[:, 1] < 0.5, -1, 1) if self.flip else 1
        matrices = compose(
            self._window(numbers[:, 2:6], source_size, target_size),
            target_size,
            mirror=mirror,
            flip=flip,
            rotate=self.rotate * either[:, 6],
            scale=1 + self.scale * either[:, 7],
            shear=self.shear * either[:, 8:10],
            shift=self.shift * either[:, 10:12] * [width, height],
        )
        controls = None
        if self.warp:
            controls = fields.draw(numbers[:, 12], self.warp)
        return warp.Warps(
            matrices,
            controls,
            tuple(source_size),
            tuple(target_size),
            self.fill,
        )

    def _window(self, numbers, source_size, target_size):
        """Return each window's left, top, width and height, `[b, 4]`."""
        source, target = np.array(source_size), np.array(target_size)
        place = numbers[:, 1::-1]
        if self.crop is None:
            room = source + 2 * self.pad - target
            if (room < 0).any():
                raise ValueError(
                    f"`target_size` is larger than the pictures of "
                    f"{tuple(source_size)} and their padding. "
                    f"Received: {tuple(target_size)}"
                )
            first = np.floor(place * (room + 1)) - self.pad
            size = np.broadcast_to(target, first.shape)
        else:
            least, most = self.crop
            area = least + (most - least) * numbers[:, 2]
            low, high = np.log(_ASPECT)
            aspect = np.exp(low + (high - low) * numbers[:, 3])
            aspect *= (target[1] / target[0]) / (source[1] / source[0])
            # The window fits: its area goes before its aspect.
            aspect = np.clip(aspect, area, 1 / area)
            size = np.sqrt(np.stack([area / aspect, area * aspect], 1)) * source
            first = place * (source - size)
        return np.concatenate([first[:, ::-1], size[:, ::-1]], 1)


def compose(
    window,
    target_size,
    mirror=1,
    flip=1,
    rotate=0.0,
    scale=1.0,
    shear=(0.0, 0.0),
    shift=(0.0, 0.0),
):
    """Composes matrices from output to input pixels.

    With the target's middle c, the window's middle m, its zoom Z, mirrorings
    F, the turn R, the shears H, the scale s and the shift t:
    `input = m + Z F H⁻¹ R⁻¹ (p - c - t) / s`.

    Args:
        window: left, top, width and height, `[b, 4]`, counted from the
            picture's edge.
        target_size: height and width of the output.
        mirror: -1 where left and right are exchanged, else 1, `[b]`.
        flip: -1 where up and down are, else 1, `[b]`.
        rotate: degrees, clockwise, `[b]`.
        scale: how much larger things become, `[b]`.
        shear: degrees along x and along y, `[b, 2]`.
        shift: pixels along x and along y, `[b, 2]`.

    Returns:
        `[b, 2, 3]`; numbers instead of `[b]` hold for all.

    >>> compose([[2, 0, 4, 4]], (4, 4), mirror=-1)[0].astype(int).tolist()
    [[-1, 0, 5], [0, 1, 0]]
    """
    window = np.asarray(window, np.float64)
    batch, side = len(window), np.array(target_size)[::-1]
    angle = np.radians(np.broadcast_to(rotate, batch))
    slant = np.tan(np.radians(np.broadcast_to(shear, (batch, 2))))
    cos, sin, one = np.cos(angle), np.sin(angle), np.ones(batch)
    turn = _matrix(cos, sin, -sin, cos)
    straight = _matrix(one, -slant[:, 0], -slant[:, 1], one)
    straight /= (1 - slant[:, 0] * slant[:, 1])[:, None, None]
    zoom = window[:, 2:] / side / np.reshape(scale, (-1, 1))
    zoom = zoom * np.stack(np.broadcast_arrays(mirror, flip, one)[:2], 1)
    linear = zoom[:, :, None] * (straight @ turn)
    middle = window[:, :2] + (window[:, 2:] - 1) / 2
    start = (side - 1) / 2 + np.broadcast_to(shift, (batch, 2))
    offset = middle - (linear @ start[:, :, None])[:, :, 0]
    return np.concatenate([linear, offset[:, :, None]], 2)


def _matrix(a, b, c, d):
    return np.stack([np.stack([a, b], -1), np.stack([c, d], -1)], -2)
