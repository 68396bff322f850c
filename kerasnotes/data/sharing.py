"""What one of several workers reads of each batch."""


def part(batches, share):
    """Returns the batches with only one worker's rows, which stay in order.

    Args:
        batches: a `tf.data.Dataset` of tensors `[b, ...]`, alone or in
            tuples.
        share: the index of the worker and their count, which divides b.

    >>> import tensorflow as tf
    >>> batches = tf.data.Dataset.range(8).batch(4)
    >>> [b.numpy().tolist() for b in part(batches, (1, 2))]
    [[2, 3], [6, 7]]
    """
    import tensorflow as tf

    index, count = share
    if count == 1:
        return batches

    def rows(tensor):
        return tf.split(tensor, count)[index]

    return batches.map(
        lambda *tensors: (
            tuple(map(rows, tensors)) if tensors[1:] else rows(*tensors)
        )
    )
