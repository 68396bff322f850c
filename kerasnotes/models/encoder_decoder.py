"""A recurrent network that reads a sequence, and one that writes another."""

import types

import keras

from kerasnotes import ops
from kerasnotes.models import network, recurrent, sequence_to_sequence


@keras.saving.register_keras_serializable("kerasnotes")
class EncoderDecoder(sequence_to_sequence.SequenceToSequence):
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
        states, _ = pieces.encoder(
            source(inputs["source"]),
            ops.padding_mask(inputs["source"]),
            layers,
            bidirectional,
        )
        x = target(inputs["target"])
        for i, state in enumerate(states):
            x = pieces.drop(x, f"decoder_{i + 1}_drop")
            x, *_ = pieces.rnn(f"decoder_{i + 1}")(x, initial_state=state)
        x = pieces.drop(x, "logits_drop")
        x = network.logits(x, target_size, "glorot", kernel_regularizer)
        super().__init__(inputs, x, arguments, name)
        # Keras would track a model that is an attribute itself.
        self._parts = types.SimpleNamespace(
            embed=target,
            encode=keras.Model(inputs["source"], {"states": states}),
        )

    def encode(self, source):
        """Returns the states in which each layer of the encoder ends."""
        return self._parts.encode(source)

    def start(self, memory, width, steps):
        """Returns the states of each layer of the decoder."""
        del steps
        return keras.tree.map_structure(
            lambda x: recurrent.repeat(x, width), memory["states"]
        )

    def step(self, tokens, position, memory, cache):
        """Returns the logits, and the states of each layer."""
        del position, memory
        x, new = self._parts.embed(tokens), []
        for i, states in enumerate(cache):
            x, states = self.get_layer(f"decoder_{i + 1}").cell(x, states)
            new.append(states)
        return self.get_layer(network.HEAD)(x), new
