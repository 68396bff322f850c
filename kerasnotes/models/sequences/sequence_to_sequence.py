"""The base of models from a sequence to another: how they are decoded."""

import contextlib

import keras

from kerasnotes import decoding, errors, ops
from kerasnotes.models import network


class SequenceToSequence(network.Network):
    """A graph from a source and a target's beginning to the next tokens.

    Its inputs are a dictionary of int32 tokens: `source` `(batch, S)`, and
    `target` `(batch, T)`, which begins with `START`. Its output is the logits
    of the token after each position of the target, float32
    `(batch, T, target_size)`. Sequences are filled up with `PAD`.

    Subclasses build that graph, and decode with the same layers. There a
    batch of sources has W hypotheses each, and a cache holds their states: a
    nest of tensors `(batch, W, ...)`.

    Args:
        inputs: what `token_inputs` returned.
        outputs: the logits.
        config: dictionary of the subclass's own arguments.
        name: the model's name.
        dtype: the policy that its layers have; None for the global one.
    """

    def encode(self, source):
        """Return what the decoder reads of the source: a nest of tensors.

        Args:
            source: int32 `(batch, S)`.
        """
        raise NotImplementedError

    def start(self, memory, width, steps):
        """Return the cache before the first step.

        Args:
            memory: what `encode` returned.
            width: W, an integer or a scalar tensor.
            steps: the most steps there may be, likewise.
        """
        raise NotImplementedError

    def step(self, tokens, position, memory, cache):
        """Return the logits `(batch, W, target_size)`, and the cache.

        Args:
            tokens: the last token of each hypothesis, int32 `(batch, W)`.
            position: its place in the target, from 0, a scalar.
            memory: what `encode` returned.
            cache: what `start` or the step before returned.
        """
        raise NotImplementedError

    def reorder(self, cache, parents):
        """Return the cache where hypotheses go on from others.

        Args:
            cache: what a step returned.
            parents: for each hypothesis, the one that it goes on from,
                int32 `(batch, W)`.
        """
        return decoding.reorder(cache, parents)

    def attention(self, inputs):
        """Return where each step attends to in the source, or None.

        Args:
            inputs: as the model's.

        Returns:
            Scores `(batch, heads, T, S)`, whose last axis sums to 1, of the
            last layer that attends to the source.
        """

    def greedy(self, source, steps):
        """Return the likeliest token at each step; see `beam_search`."""
        step, cache, start = self._decoder_of(source, 1, steps)
        return decoding.greedy(
            step, cache, start, steps, end=ops.END, pad=ops.PAD
        )

    def beam_search(self, source, width, steps, alpha=0.7):
        """Return the `decoding.Hypotheses` of each source, the best first.

        Args:
            source: int32 `(batch, S)`.
            width: B, an integer or a scalar tensor.
            steps: the most tokens of an answer, with its end mark.
            alpha: the exponent of the length normalisation.
        """
        step, cache, start = self._decoder_of(source, width, steps)
        return decoding.beam_search(
            step,
            cache,
            start,
            steps,
            width,
            alpha,
            self.reorder,
            end=ops.END,
            pad=ops.PAD,
        )

    def _decoder_of(self, source, width, steps):
        """Return the step function, the cache and the first tokens."""
        memory = self.encode(source)

        def step(tokens, position, cache):
            return self.step(tokens, position, memory, cache)

        start = keras.ops.full_like(source[:, 0], ops.START)
        return step, self.start(memory, width, steps), start

    @contextlib.contextmanager
    def portable(self):
        """Make what is traced inside run on any device.

        On a machine with a GPU, Keras' LSTM writes an operation of cuDNN
        into the graph, which a server without a GPU can't run. In this
        context it writes a loop, which computes the same.
        """
        before = {layer: layer.use_cudnn for layer in self._cudnn_layers()}
        for layer in before:
            layer.use_cudnn = False
        try:
            yield
        finally:
            for layer, use_cudnn in before.items():
                layer.use_cudnn = use_cudnn

    def _cudnn_layers(self):
        for layer in self.layers:
            directions = [layer]
            if isinstance(layer, keras.layers.Bidirectional):
                directions = [layer.forward_layer, layer.backward_layer]
            yield from (x for x in directions if hasattr(x, "use_cudnn"))


def token_inputs():
    """Return the symbolic inputs: `source` and `target`."""
    return {
        side: keras.Input([None], dtype="int32", name=side)
        for side in ("source", "target")
    }


def check_vocabularies(source_size, target_size, share_embeddings):
    """Refuses one embedding for vocabularies of two sizes.

    Raises:
        ValueError: the sizes differ.
    """
    if share_embeddings and source_size != target_size:
        raise errors.ArgumentError(
            "share_embeddings",
            "`share_embeddings` needs one vocabulary. Received: "
            f"source_size={source_size}, target_size={target_size}",
        )
