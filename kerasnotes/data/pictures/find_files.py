"""Which files of a folder or archive are pictures."""

from kerasnotes import errors
from kerasnotes.data.common import file_sets
from kerasnotes.data.pictures import inspect

_POINTER = b"version https://git-lfs"


def open_files(path):
    """Return the `file_sets.Files` of a folder or zip archive.

    A folder that holds one zip archive and no picture is that archive.

    Args:
        path: the folder or archive.

    Raises:
        UserError: see `file_sets.Files`.
    """
    files = file_sets.Files(path)
    archives = files.archives()
    if len(archives) == 1 and not pictures(files)[0]:
        return file_sets.Files(archives[0])
    return files


def pictures(files):
    """Return the names of the pictures, and `(name, reason)` of the others.

    Args:
        files: a `file_sets.Files`.
    """
    names, skipped = [], [*files.skipped]
    for name in files.names:
        try:
            head = files.read(name, 32)
            is_picture = inspect.is_picture(head)
            reason = "no picture"
            if head.startswith(_POINTER):
                reason = "a pointer of Git LFS; git lfs pull brings the file"
        except Exception as error:  # Whatever zipfile or the disk raises.
            is_picture = False
            reason = errors.printable(f"can't be read: {error}")
        if is_picture:
            names.append(name)
        else:
            skipped.append((name, reason))
    return names, skipped
