"""The 1,797 handwritten digits that scikit-learn carries, as a TFDS set."""

import numpy as np
import tensorflow_datasets as tfds


class Digits(tfds.core.GeneratorBasedBuilder):
    """Grey 8×8 digits, their intensities 0–16 scaled to 0–255.

    They come in scikit-learn's order, without official splits. Source:
    E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits",
    UCI Machine Learning Repository, 1998 (its test part).
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        from sklearn import datasets

        digits = datasets.load_digits()
        pictures = np.round(digits.images * 255 / 16).astype(np.uint8)
        for key, picture in enumerate(pictures):
            label = int(digits.target[key])
            yield key, {"image": picture[..., None], "label": label}
