"""Nested values in one ``.npz`` file: an uncompressed zip of arrays and a JSON manifest.

The manifest names every array with its shape, dtype and CRC32, and the last bytes of the file hold
the CRC32 of all the others. A file is read only when every one of these agrees, and memory is taken
only for what the file is long enough to hold. Nothing is unpickled.
"""

import json
import math
import zipfile
import zlib

import numpy as np

from .. import dtypes
from .files import atomic_write
from .tree import Packed, unpack

MANIFEST = "minigrad.json"
MAGIC = b"minigrad crc32 "
SEAL = len(MAGIC) + 8
CHUNK = 1 << 20
VERSION = 1


class Damaged(ValueError):
    """What is wrong with a file, without its path."""


def save(value, path):
    """Write a nested value."""
    packed = Packed(value)
    entries = [
        {"name": f"{i}.npy", "dtype": name, "shape": list(a.shape), "crc32": zlib.crc32(a)}
        for i, (a, name) in enumerate(zip(packed.arrays, packed.dtypes, strict=True))
    ]
    manifest = json.dumps(
        {"format": "minigrad", "version": VERSION, "tree": packed.tree, "arrays": entries},
        allow_nan=False,
    )
    with atomic_write(path) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(MANIFEST), manifest)
            for entry, array in zip(entries, packed.arrays, strict=True):
                info = zipfile.ZipInfo(entry["name"])
                with archive.open(info, "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
            archive.comment = MAGIC + b"0" * 8
        _seal(file)


def _seal(file):
    """Write the CRC32 of everything else into the last eight bytes."""
    size = file.seek(0, 2)
    crc = _crc_of(file, size - 8)
    file.seek(size - 8)
    file.write(b"%08x" % crc)


def _crc_of(file, size):
    file.seek(0)
    crc = 0
    while size > 0:
        chunk = file.read(min(CHUNK, size))
        if not chunk:
            raise Damaged("it is shorter than it says")
        crc = zlib.crc32(chunk, crc)
        size -= len(chunk)
    return crc


def load(path):
    """Read what :func:`save` wrote; ValueError for anything else."""
    with open(path, "rb") as file:
        try:
            return _read(file)
        except MemoryError:
            raise ValueError(f"{path}: there is not enough memory to load it") from None
        except Damaged as problem:
            reason = str(problem)
        except Exception as problem:
            reason = f"{type(problem).__name__}: {problem}"
    raise ValueError(f"{path} is not a whole file written by minigrad.save: {reason}")


def _read(file):
    size = file.seek(0, 2)
    file.seek(max(size - SEAL, 0))
    seal = file.read(SEAL)
    if not seal.startswith(MAGIC):
        raise Damaged("its end is missing or foreign")
    with zipfile.ZipFile(file) as archive:
        members = _members(archive, size)
        manifest = json.loads(archive.read(_member(members, MANIFEST)))
        if manifest.get("format") != "minigrad" or manifest.get("version") != VERSION:
            raise Damaged("its manifest is of another format or version")
        entries = manifest["arrays"]
        wanted = {MANIFEST, *(entry["name"] for entry in entries)}
        if len(wanted) != len(entries) + 1 or wanted != set(members):
            raise Damaged("its members are not those of its manifest")
        kinds = [_check_entry(entry, members) for entry in entries]
        if seal != MAGIC + b"%08x" % _crc_of(file, size - 8):
            raise Damaged("its checksum does not match")
        arrays = [
            _read_array(archive, members[entry["name"]], entry, kind)
            for entry, kind in zip(entries, kinds, strict=True)
        ]
    return unpack(manifest["tree"], arrays, kinds)


def _members(archive, size):
    """The members by name: stored as they are, each once, not longer than the file."""
    infos = archive.infolist()
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        raise Damaged("a member stands in it twice")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise Damaged(f"its member {info.filename!r} is compressed")
    if sum(info.file_size for info in infos) > size:
        raise Damaged("its members are longer than the file")
    return members


def _member(members, name):
    if name not in members:
        raise Damaged(f"it has no {name}")
    return members[name]


def _check_entry(entry, members):
    """The dtype of an array, after checking that its bytes are there."""
    kind = _dtype_named(entry["dtype"])
    shape = entry["shape"]
    if not all(type(extent) is int and extent >= 0 for extent in shape):
        raise Damaged(f"an array has the shape {shape}")
    length = members[entry["name"]].file_size
    need = math.prod(shape) * kind.itemsize
    if not need + 10 < length <= need + 10 + 65536:
        raise Damaged(f"{entry['name']} has {length} bytes, which is not right for shape {shape}")
    return kind


def _dtype_named(name):
    """The dtype of a name in a manifest."""
    known = dtypes.BY_NAME.get(name)
    if known is not None:
        return known
    exponent, _, mantissa = name.removeprefix("float_e").partition("m")
    return dtypes.float_format(int(exponent), int(mantissa))


def _read_array(archive, info, entry, kind):
    with archive.open(info) as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise Damaged(f"{entry['name']} has an unknown header")
        header = np.lib.format.read_array_header_1_0(member)
        if header != (tuple(entry["shape"]), False, kind.storage):
            raise Damaged(f"{entry['name']} is not the array of the manifest")
        array = np.empty(entry["shape"], kind.storage)
        _fill(member, array)
        if member.read(1):
            raise Damaged(f"{entry['name']} is too long")
    if zlib.crc32(array) != entry["crc32"]:
        raise Damaged(f"the checksum of {entry['name']} does not match")
    return array


def _fill(member, array):
    if array.size:
        target = memoryview(array.reshape(-1).view(np.uint8))
        done = 0
        while done < len(target):
            count = member.readinto(target[done : done + CHUNK])
            if not count:
                raise Damaged("an array is cut short")
            done += count
