"""A recurrent network that reads a sequence, and one that writes another."""

import types

import keras

from kerasnotes import ops
from kerasnotes.models import network
from kerasnotes.models.sequences import recurrent, sequence_to_sequence


@keras.saving.register_keras_serializable("kerasnotes")
class EncoderDecoder(sequence_to_sequence.SequenceToSequence):
    """An encoder whose final states are the decoder's first.

    The encoder reads the source and gives nothing but the states in which
    each of its layers ends; from these the decoder's layers start. All it
    knows of a source are `layers · width` numbers, whatever its length.

    Args:
        source_size: the number of the source's tokens.
        target_size: the number of the target's tokens.
        width: the size of embeddings and states, even.
        layers: of the encoder, and of the decoder.
        cell: `gru` or `lstm`.
        bidirectional: whether half of the encoder's units read backwards.
        dropout: the share of units that training drops, of what enters each
            layer, and never between a state and the next.
        share_embeddings: whether source and target have one vocabulary, and
            one embedding.
        kernel_regularizer: a Keras regulariser of the kernels.
        name: the model's name.

    Call arguments:
        inputs: `{"source": int32 (batch, S), "target": int32 (batch, T)}`.

    Returns:
        Logits `(batch, T, target_size)`, float32.

    Sources: Cho et al., Learning phrase representations using RNN
    encoder-decoder (2014), section 2.2; Sutskever et al., Sequence to sequence
    learning with neural networks (2014), section 2; for dropout, Zaremba et
    al., Recurrent neural network regularization (2014).

    >>> model = EncoderDecoder(source_size=9, target_size=7, width=4)
    >>> source = keras.ops.array([[5, 3, 2], [6, 2, 0]])
    >>> model.greedy(source, steps=8).tokens.shape
    TensorShape([2, 1, 8])
    """

    def __init__(
        self,
        source_size,
        target_size,
        width=256,
        layers=1,
        cell="gru",
        bidirectional=False,
        dropout=0.0,
        share_embeddings=False,
        kernel_regularizer=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        pieces = recurrent.Pieces(width, cell, dropout, kernel_regularizer)
        inputs = recurrent.inputs()
        source, target = pieces.embeddings(
            source_size, target_size, share_embeddings
        )
        mask = ops.padding_mask(inputs["source"])
        states, _ = pieces.encoder(
            source(inputs["source"]), mask, layers, bidirectional
        )
        x = pieces.decoder(target(inputs["target"]), states)
        x = pieces.drop(x, "logits_drop")
        x = network.logits(x, target_size, "glorot", kernel_regularizer)
        super().__init__(inputs, x, arguments, name)
        # As an attribute of its own, Keras would save the graph twice.
        self._parts = types.SimpleNamespace(
            encode=keras.Model(inputs["source"], {"states": states})
        )

    def encode(self, source):
        """Returns the states in which each layer of the encoder ends."""
        return self._parts.encode(source)

    def start(self, memory, width, steps):
        """Returns the states of each layer of the decoder."""
        del steps
        return recurrent.repeat(memory["states"], width)

    def step(self, tokens, position, memory, cache):
        """Returns the logits, and the states of each layer."""
        del position, memory
        x, new = self.get_layer("target_embedding")(tokens), []
        for i, states in enumerate(cache, 1):
            x, states = self.get_layer(f"decoder_{i}").cell(x, states)
            new.append(states)
        return self.get_layer(network.HEAD)(x), new
