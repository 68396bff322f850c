"""Heads on inner layers that help a classifier to learn."""

import keras

from kerasnotes import keras_private


@keras.saving.register_keras_serializable("kerasnotes")
class WithSideHeads(keras.Model):
    """A classifier in training, with side heads that add to its loss.

    `J = J(main) + 0.3 Σ J(side)`, each `J` the compiled loss. In training it
    returns the logits of all heads, else those of `main` alone; metrics see
    `main` alone, and so does whoever takes `main` after training.

    Args:
        main: the classifier, whose `with_side_heads()` makes this model.
        sides: symbolic logits of the side heads, on layers of `main`.

    Attributes:
        main: the classifier, on the same weights.

    Call arguments:
        inputs: as of `main`.
        training: whether the heads are wanted.

    Source: Szegedy et al., Going deeper with convolutions (2015), section 5.
    """

    side_weight = 0.3

    def __init__(self, main, sides):
        super().__init__(main.input, [main.output, *sides], name=main.name)
        # Keras would track a model, and list each layer twice.
        self._main = lambda: main

    @property
    def main(self):
        return self._main()

    def call(self, inputs, training=None, mask=None):
        outputs = super().call(inputs, training=training, mask=mask)
        return outputs if training else outputs[0]

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        main, *sides = y_pred if training else [y_pred]
        loss = super().compute_loss(x, y, main, sample_weight, training)
        for side in sides:
            # As the main loss, it is divided by the replicas already.
            term = keras_private.compile_loss(self, y, side, sample_weight)
            loss = loss + self.side_weight * term
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        main = y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred
        return super().compute_metrics(x, y, main, sample_weight)

    def get_config(self):
        """Return `main`, which makes the heads anew."""
        return {"main": keras.saving.serialize_keras_object(self.main)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Build the model anew."""
        main = keras.saving.deserialize_keras_object(
            config["main"], custom_objects
        )
        return main.with_side_heads()
