"""What the recurrent models from a sequence to another share."""

import dataclasses
import typing

import keras

from kerasnotes import errors, layers

CELLS = {"gru": layers.GRUCell, "lstm": layers.LSTMCell}
"""The cells by name."""


@dataclasses.dataclass(frozen=True)
class Pieces:
    """Makes the parts of a model, from its arguments.

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
            raise errors.unknown("`cell`", self.cell, CELLS)
        if self.width < 2 or self.width % 2:
            raise ValueError(
                f"`width` must be even. Received: width={self.width}"
            )

    def embeddings(self, source_size, target_size, share):
        """Returns the layers for the tokens of both sides: one, if shared."""
        if share and source_size != target_size:
            raise ValueError(
                "`share_embeddings` needs one vocabulary. Received: "
                f"source_size={source_size}, target_size={target_size}"
            )
        target = keras.layers.Embedding(
            target_size, self.width, name="target_embedding"
        )
        if share:
            return target, target
        source = keras.layers.Embedding(
            source_size, self.width, name="source_embedding"
        )
        return source, target

    def encoder(self, x, mask, layers, bidirectional):
        """Returns the states that layers end in, and what the last gives.

        Args:
            x: embedded tokens, `(batch, S, width)`.
            mask: booleans `(batch, S)`.
            layers: the number of layers.
            bidirectional: whether half of each layer's units read backwards.

        Returns:
            A list with a list of states `(batch, width)` for each layer, and
            a tensor `(batch, S, width)`.
        """
        ends = []
        for i in range(layers):
            name = f"encoder_{i + 1}"
            layer = self._both_ways(name) if bidirectional else self.rnn(name)
            x, *states = layer(self.drop(x, f"{name}_drop"), mask=mask)
            if bidirectional:
                # Keras gives the states of one direction, then the other's.
                half = len(states) // 2
                pairs = zip(states[:half], states[half:], strict=True)
                states = [keras.ops.concatenate(pair, -1) for pair in pairs]
            ends.append(states)
        return ends, x

    def _both_ways(self, name):
        rnn = self.rnn(f"{name}_rnn", self.width // 2)
        return keras.layers.Bidirectional(rnn, name=name)

    def decoder(self, x, states, first=1):
        """Returns what the decoder's last layer gives.

        Args:
            x: the input of layer `first`, `(batch, T, n)`.
            states: the states that each layer, from that on, starts from.
            first: the number of the first of them.
        """
        for i, start in enumerate(states, first):
            x = self.drop(x, f"decoder_{i}_drop")
            x, *_ = self.rnn(f"decoder_{i}")(x, initial_state=start)
        return x

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


def repeat(states, width):
    """Returns a nest of states `(batch, n)` for W hypotheses each.

    Args:
        states: the nest.
        width: W, an integer or a scalar tensor.
    """

    def for_each(x):
        batch, size = keras.ops.shape(x)
        return keras.ops.broadcast_to(x[:, None], (batch, width, size))

    return keras.tree.map_structure(for_each, states)
