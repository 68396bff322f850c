"""What augmentation does to a batch, as one frozen object."""

import copy
import dataclasses
import math

import tensorflow as tf

from kerasnotes.data.pictures.augmentation import blending, colour, warping
from kerasnotes.data.pictures.augmentation import rand_augment as rand_lib

_COLOURS = ("brightness", "contrast", "saturation", "hue", "pca")
# What RandAugment moves too, and the argument that says how far.
_MOVES = {
    "rotate": "rotate", "shear_x": "shear", "shear_y": "shear",
    "shift_x": "shift", "shift_y": "shift",
}  # fmt: skip
_COLOUR_WIDTH, _CUTOUT_WIDTH, _MIX_WIDTH = 7, 2, 4
_BOUNDS = {
    "crop": (0.01, 1), "brightness": (0, 1), "contrast": (0, 1),
    "saturation": (0, 1), "hue": (0, 180), "pca": (0, 1), "ops": (0, 14),
    "magnitude": (0, 10), "cutout": (0, 1), "mixup": (0, 100),
    "cutmix": (0, 100), "canvas": (1, 4),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Policy:
    """What happens to training pictures; the defaults do nothing.

    All geometry of a picture is one warp with one resampling, all colour one
    affine map; then come RandAugment's tones and cutout. Pictures stay bytes
    until they are mixed. What is drawn is uniform, but for PCA and mixing.

    Args:
        mirror: whether half of the pictures are mirrored left to right.
        flip: whether half of them are turned upside down.
        shift: largest shift along each axis, a share of the side.
        rotate: largest turn either way, in degrees.
        shear: largest shear along each axis, in degrees.
        scale: the scale lies between `1 - scale` and `1 + scale`.
        crop: least area of a random window that becomes the picture, as a
            share; 1 for no window.
        warp: standard deviation of the local warp, a share of the side.
        fill: what shows beyond the border: `"constant"` black, `"nearest"`
            pixel, `"reflect"`; `"auto"` is black for grey pictures, which
            are mostly marks on a black ground, and reflects colour ones.
        brightness: the factor lies between `1 - brightness` and
            `1 + brightness`.
        contrast: likewise, about the middle of the range.
        saturation: likewise, of what isn't grey in a colour.
        hue: largest turn of the colours either way, in degrees.
        pca: σ of AlexNet's shift along the principal colours of the training
            set; see `colour.pca_shift`.
        ops: operations of RandAugment for each picture; 0 for none.
        magnitude: of these, from 0 to 10.
        cutout: side of a square laid over each picture, a share.
        mixup: α of mixup; 0 for none.
        cutmix: α of CutMix; 0 for none.
        canvas: how much larger the pictures are read that `crop` cuts from,
            so that a window isn't blown up; without `crop`, windows of the
            model's own size lie anywhere in them. 1 for no larger.

    Call arguments:
        pictures: uint8 `[b, height, width, c]`.
        numbers: uniform random numbers in [0, 1), `[b, width]`.
        size: height and width of the result; None leaves them.

    Returns:
        The augmented pictures, uint8 `[b, *size, c]`, and the
        `warping.Move` that moves boxes, masks and points with them.

    Raises:
        ValueError: an argument is out of its range.

    >>> picture = tf.constant([[[[1], [2]]]], tf.uint8)
    >>> policy = Policy(mirror=True)
    >>> picture, move = policy(picture, tf.zeros([1, policy.width]))
    >>> picture.numpy().ravel().tolist()
    [2, 1]
    >>> move.masks([[[0, 1]]]).numpy().tolist()
    [[[1, 0]]]
    """

    mirror: bool = False
    flip: bool = False
    shift: float = 0.0
    rotate: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    crop: float = 1.0
    warp: float = 0.0
    fill: str = "auto"
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    pca: float = 0.0
    ops: int = 0
    magnitude: float = 9.0
    cutout: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    canvas: float = 1.0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        object.__setattr__(self, "_covariance", None)
        object.__setattr__(self, "_geometry", self._reaching())

    @property
    def width(self):
        """The random numbers that each picture needs."""
        return sum(self._widths)

    @property
    def mixes(self):
        """Whether pictures and labels are mixed, by `mix`."""
        return bool(self.mixup or self.cutmix)

    def fitted(self, covariance):
        """Return the policy for a training set, whose colours `pca` needs.

        Args:
            covariance: of `examples.covariance`.
        """
        twin = copy.copy(self)
        object.__setattr__(twin, "_covariance", covariance)
        return twin

    def filled(self, fill):
        """Return the policy with another `fill`."""
        twin = copy.copy(self)
        object.__setattr__(twin, "fill", fill)
        object.__setattr__(twin, "_geometry", twin._reaching())
        return twin

    def __call__(self, pictures, numbers, size=None):
        """Return the augmented batch, uint8 `[b, *size, c]`, and its move."""
        source, size = pictures.shape[1:3], tuple(size or pictures.shape[1:3])
        geometry = self._geometry if self._widths[0] else None
        moves, colours, ops, cut, _ = tf.split(numbers, self._widths, 1)
        drawn = self._rand.draw(ops) if self.ops else None
        maps = None
        if self._widths[1]:
            factors = drawn.factors if drawn else {}
            maps = self._maps(colours, factors, pictures.shape[-1])
        if self._widths[0]:
            if drawn:
                moves = self._moved(moves, drawn.levels)
            pictures = warping.apply(
                pictures, moves, geometry, size, colours=maps
            )
        elif maps:
            pictures = colour.apply(pictures, *maps)
        if drawn:
            pictures = self._rand.tones(pictures, drawn)
        if self.cutout:
            pictures = blending.cutout(pictures, self.cutout, cut)
        fill = warping.picture_fill(self.fill, pictures.shape[-1])
        return pictures, warping.Move(
            moves, geometry, tuple(source), tuple(pictures.shape[1:3]), fill
        )

    def mix(self, pictures, targets, weights, numbers, mix_targets):
        """Mixes the pictures and targets of a batch, by `blending.mix`.

        Args:
            pictures: `[b, h, w, c]`.
            targets: any nest, the batch first.
            weights: float32 `[b]`.
            numbers: as the call's.
            mix_targets: how targets and weights are mixed; for classes,
                `mixing.class_labels(classes)`.
        """
        numbers = tf.split(numbers, self._widths, 1)[-1]
        shares = blending.draw_shares(
            numbers, self.mixup, self.cutmix, *pictures.shape[1:3]
        )
        return blending.mix(pictures, targets, weights, shares, mix_targets)

    @property
    def _rand(self):
        return rand_lib.RandAugment(self.ops, self.magnitude)

    @property
    def _widths(self):
        """The numbers for geometry, colour, RandAugment, cutout, mixing."""
        still = warping.Geometry(fill=self.fill)
        moved = self._geometry != still or self.canvas > 1
        coloured = self.ops or any(getattr(self, name) for name in _COLOURS)
        return (
            warping.Geometry.width * moved,
            _COLOUR_WIDTH * bool(coloured),
            self._rand.width,
            _CUTOUT_WIDTH * bool(self.cutout),
            _MIX_WIDTH * self.mixes,
        )

    def _reaching(self):
        """Return the `Geometry`, which reaches as far as RandAugment does."""
        settings = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(warping.Geometry)
            if field.name not in ("crop", "pad")
        }
        crop = (self.crop, 1.0) if self.crop < 1 else None
        geometry, reach = (
            warping.Geometry(**settings, crop=crop),
            self._rand.reach,
        )
        wider = {
            kind: min(
                settings[kind] + self.ops * reach[name], geometry.MOST[kind]
            )
            for name, kind in _MOVES.items()
        }
        return dataclasses.replace(geometry, **wider)

    def _moved(self, numbers, levels):
        """Return the numbers that move a picture as both say together."""
        columns = tf.unstack(numbers, axis=1)
        for name, kind in _MOVES.items():
            column = warping.Geometry.COLUMNS.index(name)
            move = getattr(self, kind) * (2.0 * columns[column] - 1.0)
            move += self._rand.reach[name] * levels[name]
            most = max(getattr(self._geometry, kind), 1e-9)
            columns[column] = 0.5 + tf.clip_by_value(move / most, -1, 1) / 2.0
        return tf.stack(columns, 1)

    def _maps(self, numbers, factors, channels):
        either = 2.0 * numbers[:, :4] - 1.0
        largest = [getattr(self, name) for name in _COLOURS[:4]]
        *drawn, hue = tf.unstack(
            [1.0, 1.0, 1.0, 0.0] + largest * either, axis=1
        )
        drawn = [
            value * factors[name] if name in factors else value
            for name, value in zip(_COLOURS, drawn, strict=False)
        ]
        matrix, offset = colour.maps(*drawn, hue, channels)
        if self.pca:
            if self._covariance is None:
                raise ValueError(
                    "`pca` needs the training set's covariance: call the "
                    "policy that `fitted` returns"
                )
            offset += colour.pca_shift(
                numbers[:, 4 : 4 + channels], self._covariance, self.pca
            )
        return matrix, offset


def _check(field, value):
    """Refuses a value of another type, or out of its bounds."""
    if field.type in (bool, str):
        fits, kind = isinstance(value, field.type), "true or false"
        kind = "a name" if field.type is str else kind
    else:
        numbers = (int,) if field.type is int else (int, float)
        fits = isinstance(value, numbers) and not isinstance(value, bool)
        fits = fits and abs(value) < math.inf
        kind = "a whole number" if field.type is int else "a number"
    if not fits:
        raise ValueError(f"`{field.name}` is {kind}. Received: {value!r}")
    least, most = _BOUNDS.get(field.name, (value, value))
    if not least <= value <= most:
        raise ValueError(
            f"`{field.name}` lies between {least} and {most}. Received: {value}"
        )
