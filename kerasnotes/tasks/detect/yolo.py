"""YOLO: one pass answers in the places of grids."""

from etils import epy

from kerasnotes.tasks.detect import detector

with epy.lazy_imports():
    from kerasnotes import losses, models, ops
    from kerasnotes.data.pictures import yolo_batches
    from kerasnotes.ops import proposals
    from kerasnotes.tasks.detect import answers as answers_lib

_MOST = 100


class YoloDetector(detector.Detector):
    """`models.Yolo`, `losses.YoloLoss` and `ops.yolo_encode`."""

    def split(self, split, facts, **mosaics):
        return yolo_batches.YoloSplit.of(split, self.grids(facts), **mosaics)

    def network(self, backbone, facts, **options):
        return models.Yolo(
            backbone,
            len(facts["classes"]),
            facts["anchors"],
            facts["strides"],
            filters=self.config.head_filters,
            **options,
        )

    def loss(self, facts, **options):
        # A mosaic has the objects of four.
        most = facts["most_objects"] * (4 if self.config.mosaic else 1)
        return losses.YoloLoss(
            self.grids(facts),
            box_loss=self.config.box_loss,
            box_weight=self.config.box_weight,
            max_objects=min(most, _MOST),
            **options,
        )

    def losses(self, facts):
        return self.loss(facts, reduction=None)

    def decode(self, outputs, facts):
        grids = self.grids(facts)
        boxes, scores = ops.yolo_decode(
            ops.yolo_activate(outputs, grids), grids
        )
        return proposals.clip(boxes, grids.image_shape), scores

    def limit(self, name, split, facts):
        ceiling = answers_lib.ceiling(split, self.config)
        return answers_lib.ceiling_text(name, ceiling)

    def scores(self, answers, facts):
        ceiling = answers_lib.ceiling(answers.split, self.config)
        return {f"ceiling_{name}": value for name, value in ceiling.items()}
