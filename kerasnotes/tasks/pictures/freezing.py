"""How much of a pretrained network learns, by the size of the training set.

The course's rule: of few examples only the head learns, of more also the last
layers, of many the whole network, from the weights that it has.

Source: course 4, "Transfer learning".
"""

HEAD_ALONE = 1_000
"""Up to how many training examples the head learns alone."""

LAST_LAYERS = 10_000
"""Up to how many of them no more than the last layers learn."""


def by_size(choice, blocks, examples):
    """Return what `--freeze` freezes; of auto, by the training set's size.

    Args:
        choice: the flag's value.
        blocks: how many blocks the network has before its head.
        examples: how many the training set has.

    >>> by_size("auto", 8, examples=5_000)
    --freeze=auto: 5,000 training examples: as --freeze=4
    '4'
    """
    if choice != "auto":
        return choice
    half = blocks // 2
    freeze = str(half) if half and examples <= LAST_LAYERS else "none"
    if blocks and examples <= HEAD_ALONE:
        freeze = "all"
    print(
        f"--freeze=auto: {examples:,} training examples: as --freeze={freeze}"
    )
    return freeze
