"""Files of models and arrays that others may have harmed, or made to harm."""

import importlib
import json
import math
import os
import re
import threading
import zipfile

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
# Trained weights don't compress: a file of zeros alone would say more.
_EXPANSION = 10
_SLACK = 2**20


def check_zip(path):
    """Refuses a zip file that isn't whole, or unpacks to what is absurd.

    Args:
        path: the file.

    Raises:
        ValueError: a member's checksum differs, it leads out of the file's
            folder, or is larger than the file explains.
        Exception: what else zipfile raises of what is no zip file.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        _check_size(sum(m.file_size for m in members), path)
        for member in members:
            name = member.filename
            if name.startswith("/") or ".." in name.split("/"):
                raise ValueError(f"{name!r} leads out of its folder")
            # Other methods give more at a time than is asked for.
            if member.compress_type not in (
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            ):
                raise ValueError(f"{name} is compressed in an unusual way")
        broken = archive.testzip()
    if broken:
        raise ValueError(f"{broken} in it is damaged: its checksum differs")


def _check_size(size, path):
    if size > _EXPANSION * os.path.getsize(path) + _SLACK:
        raise ValueError(f"would unpack to {size / 2**30:,.1f} GiB")


class Arrays:
    """The arrays of an HDF5 file, none of them elsewhere or made of nothing.

    Args:
        file: the open `h5py.File`.
        path: the file that it is, or is in.
    """

    def __init__(self, file, path):
        self._file, self._path, self._size = file, path, 0

    def check(self):
        """Refuses the file if any of its arrays, or all together, can't be.

        Raises:
            ValueError: see `array`.
        """
        import h5py

        def add(_, item):
            if isinstance(item, h5py.Dataset):
                self._count(item)

        self._file.visititems(add)

    def group(self, group, name):
        """Return a group below another; `name` may have slashes.

        Raises:
            ValueError: it isn't there, is elsewhere, or is no group.
        """
        import h5py

        for part in name.split("/"):
            group = _member(group, part)
            if not isinstance(group, h5py.Group):
                raise ValueError(f"{name} is no group")
        return group

    def array(self, group, name):
        """Return an array of numbers with a fraction.

        Raises:
            ValueError: it isn't there, is elsewhere, of another type, or
                with those read before larger than the file explains.
        """
        import h5py

        above, _, last = name.rpartition("/")
        node = _member(self.group(group, above) if above else group, last)
        if not isinstance(node, h5py.Dataset) or node.dtype.kind != "f":
            raise ValueError(f"{name} holds no weights")
        self._count(node)
        return node[()]

    def _count(self, item):
        if item.external or item.is_virtual or item.dtype.kind == "O":
            raise ValueError(f"{item.name} lies elsewhere")
        self._size += math.prod(item.shape) * item.dtype.itemsize
        _check_size(self._size, self._path)


def _member(group, name):
    """Return what a group itself holds, not by a link to elsewhere."""
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{name} isn't in {group.name}, or is a link")
    return group[name]


def load_model(path):
    """Load a `.keras` file, not compiled, if it is whole and brings no code.

    Modules of this package that it names are imported.

    Args:
        path: the file.

    Raises:
        Exception: it isn't such a file, or one that would run code of its
            own (a Lambda layer) or take much more memory than it is large.
    """
    import h5py
    import keras

    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read(_CONFIG).decode()
        with archive.open(_WEIGHTS) as data, h5py.File(data) as file:
            Arrays(file, path).check()
    for module in set(re.findall(r'"module": "(kerasnotes\.[\w.]+)"', config)):
        importlib.import_module(module)
    _apart(lambda: _check_size(_bytes(json.loads(config)), path))
    return keras.saving.load_model(path, compile=False)


def _bytes(config):
    """Return the size of a model's weights, which get no memory."""
    import keras

    with keras.StatelessScope(initialize_variables=False):
        model = keras.saving.deserialize_keras_object(
            config | {"compile_config": None}, safe_mode=True
        )
        return sum(4 * math.prod(v.shape) for v in model.variables)


def _apart(function):
    """Call a function in a thread, where Keras' settings are the defaults.

    There code in a file is refused even where the user has enabled it, and
    names of layers made aren't taken for those to come.
    """
    raised = []

    def run():
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
