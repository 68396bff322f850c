"""Pictures with masks: files beside them, stacks, COCO, TFDS."""
