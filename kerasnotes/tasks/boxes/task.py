"""What every task on pictures with boxes shares: data, backbone, pictures."""

import abc
import dataclasses

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks import pictures
from kerasnotes.tasks.boxes import config
from kerasnotes.tasks.pictures import freezing

with epy.lazy_imports():
    from kerasnotes import models
    from kerasnotes.data.pictures import (
        box_batches,
        box_examples,
        box_statistics,
        load_boxes,
    )
    from kerasnotes.tasks.boxes import predictions, review
    from kerasnotes.tasks.pictures import transfer


class BoxTask(pictures.PictureTask):
    """Pictures in, boxes out; subclasses say which.

    They give `with_head`, `rows` and `marks` beside the rest of the contract.
    """

    Config = config.Config

    def load(self, dataset, **arguments):
        """Return the `BoxExamples` of a set, with the objects of all classes.

        Args:
            dataset: its name or path.
            **arguments: of `load_boxes.load`.
        """
        return load_boxes.load(dataset, **arguments)

    def read(self, dataset, size, channels):
        config = self.config
        examples = self.load(
            dataset,
            data_dir=config.data_dir,
            image_size=size,
            channels=channels,
            resize=config.resize,
            cache=config.cache,
        )
        if config.classes is None:
            return examples
        names = [name.strip() for name in config.classes.split(",")]
        return box_examples.of_classes(examples, names)

    def side(self):
        # That of the scenes, or of boxes that are to be seen.
        return None

    def tell(self, examples):
        for line in examples.notes:
            print(errors.printable(line))
        if examples.skipped:
            path, reason = map(errors.printable, examples.skipped[0])
            print(
                f"{len(examples.skipped)} entries left out or put right; the "
                f"first: {path} ({reason}); the report lists them"
            )

    def split(self, examples, indices, augment=None, weights=None):
        return box_batches.BoxSplit(examples, indices, augment, weights)

    def facts(self, source, target, parts, policy):
        for line in box_statistics.statistics(source, parts["train"]).lines():
            print(f"train: {errors.printable(line)}")
        facts = super().facts(source, target, parts, policy)
        facts["points"] = list(source.point_names)
        if source.category_ids:
            facts["category_ids"] = [
                source.category_ids[name] for name in source.class_names
            ]
        return facts

    def training_data(self, run, model, data):
        return data

    def show_data(self, run, data):
        path = review.draw_training_set(data.splits["train"], run.folder)
        print(f"{path}: training pictures with their boxes; look at them")

    def training_model(self, model):
        return model

    @abc.abstractmethod
    def with_head(self, backbone, facts):
        """Return the network of a backbone.

        Args:
            backbone: the `Network` of `--model`, without its top.
            facts: those of the data.
        """

    @abc.abstractmethod
    def rows(self, trained, tensors):
        """Return the rows to print for a picture, dictionaries.

        Args:
            trained: the `Trained`.
            tensors: what is served for the picture, a batch of one.
        """

    @abc.abstractmethod
    def marks(self, trained, tensors):
        """Return what to draw on a picture.

        The arguments are those of `rows`.

        Returns:
            Pairs of a box and a label, and arrays `[K, 2]` of landmarks.
        """

    def painted(self, picture, tensors):
        """Return a photo with what isn't drawn as boxes, by default none.

        Args:
            picture: the photo, a uint8 array.
            tensors: what is served for it, a batch of one.
        """
        return picture

    def remedies(self, problem, facts):
        # What flags give is the backbone's, and not the head's.
        facts = dataclasses.replace(
            facts,
            flags=dataclasses.asdict(self.config),
            arguments=frozenset(models.arguments_of(self.config.model)),
        )
        return super().remedies(problem, facts)

    def serve(self, trained):
        """Return what answers encoded pictures, a function of `[b]` strings.

        Args:
            trained: the `Trained`.
        """
        return self.signatures(trained)["serving_default"].function

    def predict(self, trained, inputs):
        return predictions.predictions(self, trained, inputs)

    def answer(self, trained, tensors):
        (row, *_) = self.rows(trained, tensors)
        return row

    def model(self, facts):
        config = self.config
        backbone = self.network(facts, include_top=False)
        transfer.print_weights(backbone, config)
        blocks, network = backbone.blocks, self.with_head(backbone, facts)
        choice = freezing.by_size(config.freeze, len(blocks), facts["train"])
        if choice == "all":
            # The blocks of the network itself are its head's too.
            choice = str(len(blocks))
        if choice.isdecimal() and int(choice) > len(blocks):
            raise errors.UserError(
                f"--freeze={choice}: {config.model} has {len(blocks)} blocks "
                f"before the head: {', '.join(blocks)}"
            )
        return transfer.freeze(network, choice)
