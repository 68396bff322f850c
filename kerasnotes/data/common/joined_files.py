"""A folder's files and those of the archives in it, as one set."""

from kerasnotes.data.common import file_sets


class JoinedFiles:
    """The files of a folder, and below each archive's name its own.

    It can be read as `file_sets.Files`.

    Args:
        folder: the `file_sets.Files` of the folder.
        archives: the paths of its zip archives.

    Attributes:
        names: the sorted paths: `train.zip` has its files below `train/`.
        skipped: as `Files.skipped`, of all of them.

    Raises:
        UserError: see `file_sets.Files`, of any of them.
    """

    def __init__(self, folder, archives):
        self.skipped = list(folder.skipped)
        self._places = {
            name: (folder, name)
            for name in folder.names
            if not name.lower().endswith(".zip")
        }
        for path in archives:
            part = file_sets.Files(path)
            self.skipped += [
                (f"{path.name}/{n}", why) for n, why in part.skipped
            ]
            for name in part.names:
                self._places[f"{path.stem}/{name}"] = part, name
        self.names = sorted(self._places)

    def size(self, name):
        """Return the number of bytes that `read` would return."""
        part, place = self._places[name]
        return part.size(place)

    def read(self, name, count=-1):
        """Return a file's bytes, or its first `count`."""
        part, place = self._places[name]
        return part.read(place, count)

    def ends(self, name, count):
        """Return a file's first and last bytes, as `Files.ends`."""
        part, place = self._places[name]
        return part.ends(place, count)

    def archives(self):
        """Return no path: the archives' files are among these."""
        return []
