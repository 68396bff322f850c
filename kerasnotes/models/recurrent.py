"""What the recurrent models share."""

import dataclasses
import typing

import keras

from kerasnotes import errors, layers, ops

CELLS = {"gru": layers.GRUCell, "lstm": layers.LSTMCell}
"""The cells by name."""


@dataclasses.dataclass(frozen=True)
class Pieces:
    """Makes the parts of a recurrent model, from its arguments.

    Attributes:
        width: the size of embeddings and states.
        cell: one of `CELLS`.
        dropout: the share of units that training drops between layers.
        kernel_regularizer: a Keras regulariser of the kernels.
    """

    width: int
    cell: str
    dropout: float
    kernel_regularizer: typing.Any

    def __post_init__(self):
        if self.cell not in CELLS:
            raise errors.unknown("--cell", self.cell, CELLS)
        if self.width < 2 or self.width % 2:
            raise ValueError(
                f"`width` must be even. Received: width={self.width}"
            )

    def embeddings(self, source_size, target_size, share):
        """Returns the layers for both sides' tokens: one, if they share it."""
        if not share:
            return (
                keras.layers.Embedding(
                    source_size, self.width, name="source_embedding"
                ),
                keras.layers.Embedding(
                    target_size, self.width, name="target_embedding"
                ),
            )
        if source_size != target_size:
            raise ValueError(
                "`share_embeddings` takes one vocabulary. Received: "
                f"source_size={source_size}, target_size={target_size}"
            )
        layer = keras.layers.Embedding(
            target_size, self.width, name="target_embedding"
        )
        return layer, layer

    def encoder(self, x, mask, layers, bidirectional):
        """Returns what each layer ends in, and what the last one gives.

        Args:
            x: embedded tokens, `(batch, S, width)`.
            mask: booleans `(batch, S)`.
            layers: the number of layers.
            bidirectional: whether half of each layer's units read backwards.

        Returns:
            A list of each layer's states, and `(batch, S, width)`.
        """
        ends = []
        for i in range(layers):
            name = f"encoder_{i + 1}"
            if bidirectional:
                rnn = self.rnn(f"{name}_rnn", self.width // 2)
                layer = keras.layers.Bidirectional(rnn, name=name)
            else:
                layer = self.rnn(name)
            x, *states = layer(self.drop(x, f"{name}_drop"), mask=mask)
            if bidirectional:
                half = len(states) // 2
                pairs = zip(states[:half], states[half:], strict=True)
                states = [keras.ops.concatenate(p, axis=-1) for p in pairs]
            ends.append(states)
        return ends, x

    def rnn(self, name, units=None):
        """Returns a recurrent layer that gives its states too."""
        return keras.layers.RNN(
            self.new_cell(units),
            return_sequences=True,
            return_state=True,
            name=name,
        )

    def new_cell(self, units=None):
        """Returns a cell of `units`, by default `width`."""
        return CELLS[self.cell](
            units or self.width, kernel_regularizer=self.kernel_regularizer
        )

    def drop(self, x, name):
        """Returns `x` with dropout."""
        return keras.layers.Dropout(self.dropout, name=name)(x)


def inputs():
    """Returns the symbolic inputs: `source` and `target`."""
    return {
        side: keras.Input([None], dtype="int32", name=side)
        for side in ("source", "target")
    }


def repeat(x, width):
    """Returns `x` `(batch, …)` for each hypothesis, `(batch, width, …)`."""
    shape = keras.ops.shape(x)
    return keras.ops.broadcast_to(x[:, None], (shape[0], width, *shape[1:]))
