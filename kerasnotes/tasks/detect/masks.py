"""Mask R-CNN: the pixels of each object beside its box."""

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks.detect import two_stages

with epy.lazy_imports():
    import io

    import numpy as np
    import tensorflow as tf
    from keras import ops as keras_ops
    from PIL import Image

    from kerasnotes import losses, models, ops
    from kerasnotes.data.pictures import instance_batches
    from kerasnotes.metrics import coco as coco_metrics
    from kerasnotes.plots import masks as masks_plot
    from kerasnotes.tasks.detect import mask_answers


# Boxes with a mask for each object of the picture with the most of them, of
# which there may be more in pictures to come.
_TIMES, _FEW = 4, 5


class MaskRCNNDetector(two_stages.FasterRCNNDetector):
    """`models.MaskRCNN`, which learns from masks."""

    takes_masks = True

    def split(self, split, facts, **mosaics):
        policy = split._augment
        if policy and policy.mixes:
            raise errors.UserError(
                f"--augment={self.config.augment}: mixes pictures, and masks "
                "can't follow; leave mixup and cutmix out"
            )
        return instance_batches.InstanceSplit.of(split, **mosaics)

    def training_split(self, split):
        return instance_batches.InstanceSplit.of(split, with_truth=True)

    def network(self, backbone, facts, **options):
        config = self.config
        return models.MaskRCNN(
            backbone,
            len(facts["classes"]),
            facts["anchors"],
            facts["strides"],
            filters=config.head_filters,
            proposals=config.regions(),
            detections=self._detections(facts),
            score_threshold=config.score_threshold,
            iou_threshold=config.iou_threshold,
            per_class=config.suppression == "per_class",
            **options,
        )

    def _detections(self, facts):
        """Return how many boxes of a picture have a mask at most.

        The head of masks takes longer than all else where there are many.
        """
        most = _TIMES * max(facts["most_objects"], _FEW)
        return min(most, self.config.max_detections)

    def limit(self, name, split, facts):
        return (
            f"{super().limit(name, split, facts)}; of a picture "
            f"{self._detections(facts)} boxes are answered with masks at most"
        )

    def loss(self, facts, **options):
        return super().loss(facts, **options) | {
            "masks": losses.MaskLoss(**options)
        }

    def candidates(self, outputs, facts):
        # Masks are of these boxes, which the network has suppressed once.
        boxes, labels, scores, _ = _parts(outputs)
        classes = tf.range(len(facts["classes"]))
        scores = tf.where(labels[..., None] == classes, scores[..., None], 0.0)
        return boxes, scores

    def masks(self, outputs, left):
        boxes, labels, _, logits = _parts(outputs)
        same = tf.equal(left["boxes"][:, :, None], boxes[:, None])
        same = tf.reduce_all(same, -1)
        same &= tf.equal(left["labels"][:, :, None], labels[:, None])
        rows = tf.argmax(tf.cast(same, tf.int32), -1)
        masks = keras_ops.sigmoid(tf.gather(logits, rows, batch_dims=1))
        return tf.where(left["labels"][..., None, None] < 0, 0.0, masks)

    def served(self, outputs, left, boxes, shapes):
        masks = self.masks(outputs, left)

        text = tf.TensorSpec([], tf.string)

        def of_photo(photo):
            *parts, shape = photo

            def png(mask, box):
                pixels = ops.paste_masks(
                    *(mask[None, None], box[None, None], shape),
                    threshold=mask_answers.INSIDE,
                )
                pixels = tf.cast(pixels[0, 0, ..., None], tf.uint8)
                return tf.io.encode_png(255 * pixels)

            def png_or_none(one):
                mask, box, label = one
                return tf.cond(
                    label < 0, lambda: tf.constant(b""), lambda: png(mask, box)
                )

            return tf.map_fn(png_or_none, parts, fn_output_signature=text)

        parts = masks, boxes, left["labels"], tf.convert_to_tensor(shapes)
        number = left["boxes"].shape[1]
        texts = tf.TensorSpec([number], tf.string)
        return {"masks": tf.map_fn(of_photo, parts, fn_output_signature=texts)}

    def painted(self, picture, tensors):
        palette, painted = masks_plot.colours(11)[1:], picture
        for i in reversed(range(int(tensors["count"][0]))):
            # The class that isn't painted is the one around the object.
            pair = np.stack([palette[0], palette[i % len(palette)]])
            pixels = _pixels(tensors, i).astype(int)
            painted = masks_plot.overlay(painted, pixels, pair)
        return painted

    def row(self, tensors, i):
        pixels = _pixels(tensors, i)
        row = {"area": int(pixels.sum())}
        if self.config.format == "coco":
            (runs,) = coco_metrics.run_lengths(pixels[None])
            row["segmentation"] = runs | {"counts": runs["counts"].decode()}
        return row

    def scores(self, answers, facts):
        report = answers.mask_report
        names = ("ap", "ap50", "ap75", "ar")
        return super().scores(answers, facts) | {
            f"mask_{name}": report[name] for name in names
        }

    def review(self, answers, threshold, facts, folder):
        return [
            *mask_answers.blocks(answers, threshold, facts["classes"], folder),
            *super().review(answers, threshold, facts, folder),
        ]


def _parts(outputs):
    """Return boxes, labels, scores and the logits of masks, `(…, s, s)`."""
    rows = tf.cast(outputs["masks"], tf.float32)
    boxes, label, score, logits = tf.split(rows, [4, 1, 1, -1], -1)
    side = round(logits.shape[-1] ** 0.5)
    logits = tf.reshape(logits, [*_lead(logits), side, side])
    return boxes, tf.cast(label[..., 0], tf.int32), score[..., 0], logits


def _lead(tensor):
    shape = tf.shape(tensor)
    return shape[0], shape[1]


def _pixels(tensors, i):
    """Return an object's pixels in the photo, bool `[height, width]`."""
    png = tensors["masks"][0, i].numpy()
    return np.asarray(Image.open(io.BytesIO(png))) > 0
