"""What one of several workers reads of each batch."""


def part(batches, share):
    """Returns the batches with only one worker's rows, which stay in order.

    Args:
        batches: a `tf.data.Dataset` of nests of tensors `[b, ...]`.
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

    def own(*batch):
        batch = tf.nest.map_structure(rows, batch)
        return batch if batch[1:] else batch[0]

    return batches.map(own)
