"""The flags that tasks on folders of pictures with masks share."""

import dataclasses

from kerasnotes.training.run import config as config_lib

option = config_lib.option


@dataclasses.dataclass(frozen=True)
class MaskFiles:
    """Which files are pictures and which masks, and what these say."""

    image_folder: str | None = option(
        None, "Name of the folders that hold pictures, where none is usual."
    )
    mask_folder: str | None = option(
        None, "Name of the folders that hold masks, where none is usual."
    )
    mask_threshold: int | None = option(
        None,
        "Grey level of a mask from which on a pixel is the object; default: "
        "each level is a class.",
        bounds=(1, 255),
    )

    def mask_files(self):
        """Return the arguments of `load_masks.load` that these are."""
        return {
            "image_folder": self.image_folder,
            "mask_folder": self.mask_folder,
            "threshold": self.mask_threshold,
        }
