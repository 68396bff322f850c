"""The files of a folder or of a zip archive, read one at a time."""

import collections
import json
import os
import pathlib
import unicodedata
import zipfile

from kerasnotes import errors

_ABSURD = 2**30
# The other methods unpack a part at once, of whatever size.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# The flag of a member whose name is UTF-8.
_UTF8 = 0x800


# What systems and their viewers put beside the data, in any case.
_JUNK = {
    "$recycle.bin",
    "@eadir",
    "__macosx",
    "desktop.ini",
    "ehthumbs.db",
    "icon\r",
    "lost+found",
    "system volume information",
    "thumbs.db",
}


class Files:
    """A folder's or a zip archive's files.

    Hidden ones are left out, as are those that systems add (`_JUNK`). Below a
    folder, those of a trainer's run are left out too, and links are followed,
    other than to a folder that the link lies in. Archives are read in memory,
    never unpacked: links in them are followed nowhere.

    Args:
        path: a folder or a zip file.

    Attributes:
        names: the sorted relative paths, with `/`, also where an archive
            has backslashes, in Unicode's composed form (NFC).
        skipped: pairs of path and reason, of files that can't be named in
            UTF-8, of the folders of runs, of links that lead nowhere, and of
            what stands twice in an archive.

    Raises:
        UserError: the path is missing, no folder nor zip, empty, broken,
            leads out of its folder, has a name in two spellings, or would
            unpack to an absurd size.
    """

    def __init__(self, path):
        self._path = pathlib.Path(path).expanduser()
        self._zip, runs, dead, twice = None, [], [], []
        try:
            if self._path.is_dir():
                self._sizes, runs, dead = _folder_sizes(self._path)
            else:
                self._zip, self._sizes, twice = _open_zip(self._path)
        except OSError as error:
            raise errors.UserError(
                f"--dataset: {error.strerror or error}: "
                f"{error.filename or path}"
            ) from error
        odd = [name for name in self._sizes if not _is_text(name)]
        self.skipped = [
            (errors.printable(n), "its name is no UTF-8") for n in odd
        ]
        self.skipped += [
            (errors.printable(n), "the folder of a trainer's run") for n in runs
        ]
        self.skipped += [(errors.printable(n), "a dead link") for n in dead]
        self.skipped += [
            (errors.printable(n), "another of this name comes later")
            for n in twice
        ]
        self._places = self._by_name(set(self._sizes) - set(odd))
        self.names = sorted(self._places)
        if not self._sizes:
            raise errors.UserError(f"--dataset: {path} holds no files.")

    def _by_name(self, places):
        """Return a dictionary of name to the place in folder or archive."""
        names = {}
        for place in sorted(places):
            name = place
            if self._zip:
                name = _name_in_zip(self._zip.getinfo(place))
            name = unicodedata.normalize("NFC", name)
            if name in names:
                raise errors.UserError(
                    f"--dataset: {self._path} holds {name!r} twice: as "
                    f"{ascii(names[name])} and as {ascii(place)}, which are "
                    "one name; rename one of them"
                )
            names[name] = place
        return names

    def size(self, name):
        """Return the number of bytes that `read` would return."""
        return self._sizes[self._places[name]]

    def read(self, name, count=-1):
        """Return a file's bytes, or its first `count`."""
        if self._zip:
            place = self._places[name]
            if self._zip.getinfo(place).compress_type not in _METHODS:
                raise errors.UserError("zipped by an uncommon method")
            # Without a count, it would unpack more than the size promises.
            most = self._sizes[place]
            with self._zip.open(place) as file:
                return file.read(most if count < 0 else min(count, most))
        with open(os.path.join(self._path, self._places[name]), "rb") as file:
            return file.read(count)

    def ends(self, name, count):
        """Return a file's first and last bytes, at least `count` of each.

        Of a large file in an archive, whose end can't be read without the
        rest, the last are None.
        """
        if self.size(name) <= 4 * count:
            return 2 * (self.read(name),)
        if self._zip:
            return self.read(name, count), None
        with open(os.path.join(self._path, self._places[name]), "rb") as file:
            head = file.read(count)
            file.seek(-count, os.SEEK_END)
            return head, file.read()

    def archives(self):
        """Return the paths of the zip files of a folder."""
        if self._zip:
            return []
        return [
            self._path / self._places[n]
            for n in self.names
            if n.lower().endswith(".zip")
        ]


def _is_text(name):
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _name_in_zip(member):
    """Return a member's path as whoever zipped it saw it, with `/`."""
    name = member.filename.replace("\\", "/")
    if member.flag_bits & _UTF8:
        return name
    # Some write UTF-8 and don't say so; no other text looks like it.
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def _visible(name):
    parts = name.replace("\\", "/").split("/")
    return not any(p.startswith(".") or p.lower() in _JUNK for p in parts)


def _folder_sizes(path):
    """Return the size of each file; the folders of runs; the dead links."""
    sizes, runs, dead = {}, [], []
    # A link to a folder that it lies in would be followed for ever.
    above = {os.fspath(path): {os.path.realpath(path)}}
    walk = os.walk(path, onerror=_refuse, followlinks=True)
    for folder, folders, names in walk:
        ancestors = above.pop(folder)
        below = os.path.relpath(folder, path)
        prefix = (
            "" if below == os.curdir else f"{pathlib.Path(below).as_posix()}/"
        )
        if prefix and "config.json" in names and _is_run(folder):
            runs.append(prefix)
            folders.clear()
            continue
        inner = {n: os.path.join(folder, n) for n in filter(_visible, folders)}
        real = {name: os.path.realpath(at) for name, at in inner.items()}
        folders[:] = [name for name in inner if real[name] not in ancestors]
        above |= {inner[name]: ancestors | {real[name]} for name in folders}
        for name in filter(_visible, names):
            file = os.path.join(folder, name)
            if os.path.isfile(file):
                sizes[prefix + name] = os.path.getsize(file)
            elif os.path.islink(file):
                dead.append(prefix + name)
    return sizes, runs, dead


def _is_run(folder):
    """Return whether a folder's config.json is one that a trainer writes."""
    try:
        with open(
            os.path.join(folder, "config.json"), encoding="utf-8"
        ) as file:
            config = json.load(file)
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and {"task", "flags"} <= set(config)


def _refuse(error):
    raise error


def _open_zip(path):
    try:
        archive = zipfile.ZipFile(path)
    except OSError:
        raise
    except Exception as error:  # Broken ones raise whatever comes of them.
        raise errors.UserError(
            f"--dataset: {path} is neither a folder nor a whole zip archive "
            f"({error}); give one of them, or unpack it"
        ) from error
    members = [
        m
        for m in archive.infolist()
        if m.filename and not m.filename.endswith(("/", "\\"))
    ]
    for name in (m.filename for m in members):
        inside = pathlib.PureWindowsPath(name)
        if ".." in inside.parts or inside.anchor:
            raise errors.UserError(
                f"--dataset: {path} leads out of its folder: {name!r}."
            )
    total = sum(m.file_size for m in members)
    if total > max(_ABSURD, 100 * path.stat().st_size):
        raise errors.UserError(
            f"--dataset: {path} would unpack to {total / 2**30:.0f} GiB."
        )
    members = [m for m in members if _visible(m.filename)]
    sizes = {m.filename: m.file_size for m in members}
    counts = collections.Counter(m.filename for m in members)
    return archive, sizes, [name for name, count in counts.items() if count > 1]
