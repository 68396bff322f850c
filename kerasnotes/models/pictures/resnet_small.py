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

from kerasnotes.models import network
from kerasnotes.models.pictures import resnet


def _variant(kind, n, shortcut):
    layers = 6 * n + 2
    return network.variant(
        f"{kind}{layers}",
        f"{kind}-{layers} for small pictures, of 3 × {n} basic blocks.",
        resnet.ResNet,
        (n, n, n),
        filters=16,
        small=True,
        input_shape=(32, 32, 3),
        classes=10,
        shortcut=shortcut,
    )


ResNet20 = _variant("ResNet", 3, "zero_pad")
ResNet32 = _variant("ResNet", 5, "zero_pad")
ResNet44 = _variant("ResNet", 7, "zero_pad")
ResNet56 = _variant("ResNet", 9, "zero_pad")
ResNet110 = _variant("ResNet", 18, "zero_pad")
Plain20 = _variant("Plain", 3, "none")
Plain56 = _variant("Plain", 9, "none")
