"""Pictures with several labels each, of which some are unknown."""

import dataclasses

import numpy as np

from kerasnotes import errors
from kerasnotes.data.pictures import examples

YES, NO, UNKNOWN = 1, 0, -1


@dataclasses.dataclass(frozen=True)
class MultiExamples(examples.Examples):
    """Pictures, and for each label whether they have it.

    Attributes:
        images: as `Examples.images`.
        labels: int8 `[n, L]` of 1 yes, 0 no, -1 unknown.
        ids: as `Examples.ids`.
        class_names: the name of each of the L labels.
        official: as `Examples.official`.
        skipped: as `Examples.skipped`.

    Raises:
        UserError: there is no example.
        ValueError: labels of another shape or with other values.

    >>> two = MultiExamples(np.zeros((2, 4, 4, 1), "uint8"),
    ...     np.array([[1, 0], [-1, 1]], "int8"), ["a", "b"], ["red", "round"])
    >>> two.class_names
    ['red', 'round']
    """

    @property
    def strata(self):
        """None: with several labels each, splits keep no shares."""
        return None

    def _check_labels(self):
        wanted = (len(self.ids), len(self.class_names))
        if (
            self.labels.shape != wanted
            or not np.isin(self.labels, (YES, NO, UNKNOWN)).all()
        ):
            raise ValueError(
                f"`labels` must be 1, 0 or -1 of shape {wanted}. Received: "
                f"shape {self.labels.shape}, values {np.unique(self.labels)}"
            )


def check_train(dataset, labels, class_names):
    """Refuses a label of which training could learn nothing.

    Args:
        dataset: the flag's value, for the message.
        labels: int8 `[n, L]`, those of the training set.
        class_names: the names of the labels.

    Raises:
        UserError: no training example is known to have a label, or to lack
            it.
    """
    for name, column in zip(class_names, labels.T, strict=True):
        for value, word in ((YES, "yes"), (NO, "no")):
            if value not in column:
                raise errors.UserError(
                    f"--dataset={dataset}: no training example has a known "
                    f"{word} for label {name!r}; give some, or leave the "
                    "label out"
                )
