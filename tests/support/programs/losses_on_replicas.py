"""Trains by losses of boxes on two replicas and on one; prints differences."""

import keras
import numpy as np

from kerasnotes import losses
from kerasnotes.training.distribute import strategies
from kerasnotes.training.fit import compiling
from kerasnotes.training.run import config
from tests.losses import test_localization, test_regions, test_yolo

SHAPES = {
    "proposals": (test_regions.GRIDS.size, 5),
    "regions": (9, 5 + 5 * 3),
}


def weights(losses_of_outputs, x, targets, strategy):
    """Return each output's weights, before and after two steps.

    Labels, which are integers, are answered by logits of three classes, and
    boxes by what `test_regions` has for its networks.
    """
    keras.utils.set_random_seed(0)
    shapes = {
        name: y.shape[1:] + (3,) * (y.dtype == int)
        for name, y in targets.items()
    } | {name: SHAPES[name] for name in SHAPES if name in targets}
    with strategies.strategy(strategy).scope():
        inputs = keras.Input(x.shape[1:])
        outputs = {
            name: keras.layers.Reshape(shape, name=name)(
                keras.layers.Dense(int(np.prod(shape)), name=f"{name}_dense")(
                    inputs
                )
            )
            for name, shape in shapes.items()
        }
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.SGD(0.01), losses_of_outputs)
    # Keras has its own order of the outputs' layers.
    kernels = [model.get_layer(f"{name}_dense").kernel for name in targets]
    before = [kernel.numpy() for kernel in kernels]
    # A batch alone is two epochs of one step.
    options = {"batch_size": len(x), "shuffle": False, "verbose": 0}
    model.fit(x, targets, epochs=2, **options)
    after = [kernel.numpy() for kernel in kernels]
    return before, after


def main():
    """Print each loss's name, the difference, and how far a step goes."""
    compiling.configure(config.FitConfig(logical_cpus=2, strategy="mirrored"))
    assert strategies.strategy("mirrored").num_replicas_in_sync == 2
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    # The second replica has few objects.
    one, _ = test_localization.data(batch=8)
    one[5:] = 0
    many, _ = test_yolo.data(batch=8)
    many[5:] = 0
    # And a picture of ignored pixels alone.
    labels = np.random.default_rng(0).integers(-1, 3, (8, 3, 4))
    labels[5:] = np.minimum(labels[5:], 0)
    labels[6] = -1
    # And one without objects; regions are about the size of random numbers.
    boxes = test_regions.truth(batch=8).astype("float64")
    small = boxes.copy()
    small[..., :4] = boxes[..., :4] / 40 - 1
    table = {
        "squared_error": (losses.LocalizationSquaredError(3, 2), one),
        "ciou": (losses.LocalizationLoss(3, 2, box_loss="ciou"), one),
        "yolo": (losses.YoloLoss(test_yolo.GRIDS), many),
        "segmentation": (
            losses.SegmentationLoss((1, 2, 3), focal_weight=1.0),
            labels,
        ),
        "proposals": (losses.RegionProposalLoss(test_regions.GRIDS), boxes),
        "regions": (
            losses.RegionLoss(3, positive=0.2, negative=0.2),
            small,
        ),
    }
    table_of_losses = {name: row[0] for name, row in table.items()}
    targets = {name: row[1] for name, row in table.items()}
    x = np.random.default_rng(0).normal(size=(8, 4))
    before, alone = weights(table_of_losses, x, targets, "one_device")
    _, both = weights(table_of_losses, x, targets, "mirrored")
    for name, *values in zip(table, before, alone, both, strict=True):
        start, one_device, two = values
        difference = np.abs(one_device - two).max()
        print(name, difference, np.abs(one_device - start).max())


if __name__ == "__main__":
    main()
