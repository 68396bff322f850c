"""A recurrent network that reads a sequence, and one that writes another."""

import keras

from kerasnotes import ops
from kerasnotes.models import network
from kerasnotes.models.sequences import recurrent, sequence_to_sequence


@keras.saving.register_keras_serializable("kerasnotes")
class EncoderDecoder(sequence_to_sequence.SequenceToSequence):
    """An encoder whose final states are the decoder's first.

    The encoder reads the source and gives nothing but the states in which
    each of its layers ends; from these the decoder's layers start. All that
    the decoder has of a source are `layers · width` numbers, whatever its
    length.

    The LSTM layers are Keras' own: on a GPU each, or each direction, is one
    kernel of cuDNN. The GRU is the notes', which no backend fuses, and runs
    as a loop.

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
        dtype: the dtype policy of the layers; None for the global one.

    Call arguments:
        inputs: `{"source": int32 (batch, S), "target": int32 (batch, T)}`.

    Returns:
        Logits `(batch, T, target_size)`, float32.

    Raises:
        ValueError: `width` is odd, `cell` none of these, or the embedding
            shared by vocabularies of two sizes.

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
        dtype=None,
    ):
        config = {
            "source_size": source_size,
            "target_size": target_size,
            "width": width,
            "layers": layers,
            "cell": cell,
            "bidirectional": bidirectional,
            "dropout": dropout,
            "share_embeddings": share_embeddings,
            "kernel_regularizer": kernel_regularizer,
        }
        recurrent.check(width, cell)
        sequence_to_sequence.check_vocabularies(
            source_size, target_size, share_embeddings
        )
        policy = network.policy(dtype)
        options = (cell, dropout, kernel_regularizer, policy)
        inputs = sequence_to_sequence.token_inputs()
        source, target = recurrent.embeddings(
            source_size, target_size, width, share_embeddings, policy
        )
        encoder = recurrent.Encoder(width, layers, *options, bidirectional)
        decoder = recurrent.Decoder(width, range(1, layers + 1), *options)
        states, _ = encoder(
            source(inputs["source"]), ops.padding_mask(inputs["source"])
        )
        x = decoder(target(inputs["target"]), states)
        x = recurrent.dropped(dropout, policy, network.HEAD)(x)
        logits = network.logits(
            x, target_size, "glorot", kernel_regularizer, policy
        )
        super().__init__(inputs, logits, config, name, dtype)
        # The graph tracks the layers already.
        self._source, self._encoder, self._decoder = source, encoder, decoder

    def encode(self, source):
        """Return the states in which each layer of the encoder ends."""
        mask = ops.padding_mask(source)
        states, _ = self._encoder(self._source(source), mask)
        return {"states": states}

    def start(self, memory, width, steps):
        """Return the states of each layer of the decoder."""
        del steps
        return recurrent.repeat(memory["states"], width)

    def step(self, tokens, position, memory, cache):
        """Return the logits, and the states of each layer."""
        del position, memory
        x = self.get_layer("target_embedding")(tokens)
        x, states = self._decoder.step(x, cache)
        return self.get_layer(network.HEAD)(x), states
