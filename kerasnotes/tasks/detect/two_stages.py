"""Detectors that look at regions: R-CNN, Fast R-CNN and Faster R-CNN."""

from etils import epy

from kerasnotes.tasks.detect import detector

with epy.lazy_imports():
    import numpy as np

    from kerasnotes import losses, models, ops
    from kerasnotes.data.pictures import proposal_batches, region_batches
    from kerasnotes.metrics import proposals as proposal_metrics
    from kerasnotes.ops import proposals
    from kerasnotes.tasks.detect import answers as answers_lib
    from kerasnotes.tasks.detect import proposed

# Anchors from which on one is an object, and answers from which on one may be.
_POSITIVE, _USEFUL = 0.7, 0.5


class _Regions(detector.Detector):
    """What the second stage answers is alike in all."""

    def decode(self, outputs, facts):
        return proposals.region_answers(
            _rows(outputs), len(facts["classes"]), facts["input_shape"][:2]
        )

    def regions(self, outputs):
        return _rows(outputs)[..., :4]

    def scores(self, answers, facts):
        report = answers.proposals
        pairs = zip(report["thresholds"], report["recall"], strict=True)
        return {
            "proposals": report["mean_number"],
            "proposal_ar": report["ar"][-1],
            **{
                f"proposal_recall_{round(100 * threshold)}": row[-1]
                for threshold, row in pairs
            },
        }

    def review(self, answers, threshold, facts, folder):
        return proposed.blocks(answers.proposals, facts["classes"], folder)


def _rows(outputs):
    """Return what the second stage says, the only one or that of two."""
    return outputs["regions"] if isinstance(outputs, dict) else outputs


class FasterRCNNDetector(_Regions):
    """`models.FasterRCNN` and the losses of its two stages."""

    def split(self, split, facts, **mosaics):
        return region_batches.RegionSplit.of(split, **mosaics)

    def training_split(self, split):
        return region_batches.RegionSplit.of(split, with_truth=True)

    def training_model(self, model):
        return model.training_model()

    def network(self, backbone, facts, **options):
        return models.FasterRCNN(
            backbone,
            len(facts["classes"]),
            facts["anchors"],
            facts["strides"],
            filters=self.config.head_filters,
            proposals=self.config.regions(),
            **options,
        )

    def loss(self, facts, **options):
        return {
            "anchors": losses.RegionProposalLoss(self.grids(facts), **options),
            "regions": losses.RegionLoss(len(facts["classes"]), **options),
        }

    def losses(self, facts):
        of_each = self.loss(facts, reduction=None)

        def of_pictures(y, outputs):
            return sum(loss(y[k], outputs[k]) for k, loss in of_each.items())

        return of_pictures

    def limit(self, name, split, facts):
        anchors = ops.anchor_boxes(self.grids(facts))
        examples = split.examples
        best = [np.zeros(0)]
        for i in split.indices:
            boxes = examples.boxes[i][~examples.crowd[i]]
            if len(boxes):
                best.append(np.asarray(ops.iou(boxes, anchors)).max(-1))
        best = np.concatenate(best)
        if not len(best):
            return f"{name}: no object counts"
        return (
            f"{name}: of {len(best):,} objects {(best >= _POSITIVE).sum():,} "
            f"have an anchor with an IoU of {_POSITIVE} or more, and "
            f"{(best >= _USEFUL).sum():,} one of {_USEFUL}; the others have "
            "their best, of which less is learned"
        )


class FastRCNNDetector(_Regions):
    """`models.FastRCNN` on the regions that a segmentation proposes."""

    takes_boxes = True

    def facts(self, examples, indices):
        return {}

    def split(self, split, facts, **mosaics):
        config = self.config
        return proposal_batches.ProposalSplit(
            split.examples,
            split.indices,
            proposed.of_split(split, config),
            config.regions(),
            augment=split._augment,
            weights=split.weights,
            **mosaics,
        )

    def network(self, backbone, facts, **options):
        return models.FastRCNN(
            backbone,
            len(facts["classes"]),
            facts["strides"][0],
            filters=self.config.head_filters,
            **options,
        )

    def loss(self, facts, **options):
        return losses.RegionLoss(len(facts["classes"]), **options)

    def losses(self, facts):
        return self.loss(facts, reduction=None)

    def with_regions(self, serve, facts):
        def answer(image_bytes):
            regions = proposed.of_photo(image_bytes[0], facts, self.config)
            return serve(image_bytes, regions)

        return answer

    def limit(self, name, split, facts):
        report = answers_lib.proposal_recall(
            answers_lib.truth(split),
            [split.proposals[i].numpy() for i in split.indices],
            len(facts["classes"]),
        )
        return proposal_metrics.recall_text(name, report, facts["classes"])


class RCNNDetector(FastRCNNDetector):
    """`models.RCNN`, which sees each region as a picture of its own."""

    def backbone_facts(self, facts):
        side = self.config.crop_size or 48
        return facts | {"input_shape": [side, side, facts["input_shape"][2]]}

    def network(self, backbone, facts, **options):
        return models.RCNN(
            backbone,
            len(facts["classes"]),
            facts["input_shape"],
            **options,
        )
