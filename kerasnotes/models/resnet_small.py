"""Residual networks for small pictures, and the same without shortcuts.

`ResNet` with 6n + 2 layers with weights: a 3×3 convolution, three stages of
n basic blocks, a dense layer. Shortcuts have no parameters. For 32×32×3 and
ten classes:

| model | n | trainable parameters |
|---|---|---|
| ResNet20 | 3 | 269,722 |
| ResNet32 | 5 | 464,154 |
| ResNet44 | 7 | 658,586 |
| ResNet56 | 9 | 853,018 |
| ResNet110 | 18 | 1,727,962 |

Plain20 and Plain56 have the layers of ResNet20 and ResNet56.

Source: He et al., Deep residual learning for image recognition (2015),
section 4.2.
"""

import functools

from kerasnotes.models import resnet

_small = functools.partial(
    resnet.ResNet,
    filters=16,
    small=True,
    input_shape=(32, 32, 3),
    classes=10,
    shortcut="zero_pad",
)

ResNet20 = functools.partial(_small, (3, 3, 3))
ResNet32 = functools.partial(_small, (5, 5, 5))
ResNet44 = functools.partial(_small, (7, 7, 7))
ResNet56 = functools.partial(_small, (9, 9, 9))
ResNet110 = functools.partial(_small, (18, 18, 18))
Plain20 = functools.partial(ResNet20, shortcut="none")
Plain56 = functools.partial(ResNet56, shortcut="none")
