"""What models from a sequence to another share: how they are decoded."""

import keras

from kerasnotes import decoding, ops
from kerasnotes.models import network


class SequenceToSequence(network.Network):
    """A graph from a source and a target's beginning to the next tokens.

    Its inputs are a dictionary of int32 tokens: `source` `(batch, S)`, and
    `target` `(batch, T)`, which begins with `START`. Its output is the logits
    of the token after each position of the target, float32
    `(batch, T, target_size)`. Sequences are filled up with `PAD`.

    Subclasses build that graph, and answer for decoding with the same layers.
    There a batch of sources has W hypotheses each, and a cache holds what
    they have seen: a nest of tensors `(batch, W, ...)`.
    """

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Builds the model anew, in the precision of `config["dtype"]`."""
        arguments = {
            key: keras.saving.deserialize_keras_object(value, custom_objects)
            for key, value in config.items()
        }
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy(arguments.pop("dtype", policy))
        try:
            return cls(**arguments)
        finally:
            keras.config.set_dtype_policy(policy)

    def encode(self, source):
        """Returns what the decoder reads of the source: a nest of tensors.

        Args:
            source: int32 `(batch, S)`.
        """
        raise NotImplementedError

    def start(self, memory, width, steps):
        """Returns the cache before the first step.

        Args:
            memory: what `encode` returned.
            width: W, an integer or a scalar tensor.
            steps: the most steps there may be, likewise.
        """
        raise NotImplementedError

    def step(self, tokens, position, memory, cache):
        """Returns the logits `(batch, W, target_size)`, and the cache.

        Args:
            tokens: the last token of each hypothesis, int32 `(batch, W)`.
            position: its place in the target, from 0, a scalar.
            memory: what `encode` returned.
            cache: what `start` or the step before returned.
        """
        raise NotImplementedError

    def reorder(self, cache, parents):
        """Returns the cache where hypotheses go on from others.

        Args:
            cache: what a step returned.
            parents: for each hypothesis, the one that it goes on from,
                int32 `(batch, W)`.
        """
        return decoding.reorder(cache, parents)

    def attention(self, inputs):
        """Returns where each step looks in the source, or None.

        Args:
            inputs: as the model's.

        Returns:
            Weights `(batch, heads, T, S)`, whose last axis sums to 1, of the
            last layer that looks there.
        """

    def greedy(self, source, steps):
        """Returns the likeliest token at each step; see `beam_search`."""
        step, cache, start = self._decoder(source, 1, steps)
        return decoding.greedy(step, cache, start, steps)

    def beam_search(self, source, width, steps, alpha=0.7):
        """Returns the `decoding.Hypotheses` of each source, the best first.

        Args:
            source: int32 `(batch, S)`.
            width: B, an integer or a scalar tensor.
            steps: the most tokens of an answer, with its end mark.
            alpha: the exponent of the length normalisation.
        """
        step, cache, start = self._decoder(source, width, steps)
        return decoding.beam_search(
            step, cache, start, steps, width, alpha, self.reorder
        )

    def _decoder(self, source, width, steps):
        """Returns the step function, the cache and the first tokens."""
        memory = self.encode(source)

        def step(tokens, position, cache):
            return self.step(tokens, position, memory, cache)

        start = keras.ops.full_like(source[:, 0], ops.START)
        return step, self.start(memory, width, steps), start
