"""Files that are whole or not there: atomic writes, and the ending that decides the format."""

import contextlib
import os
import secrets

ENDINGS = (".npz", ".safetensors")


def ending(path):
    """The path as text and its ending, which must be one that minigrad reads and writes."""
    path = os.fsdecode(path)
    found = os.path.splitext(path)[1].lower()
    if found not in ENDINGS:
        raise ValueError(
            f"{path}: the file ending decides the format, and {found or 'no ending'!r} is unknown; "
            f"use {' or '.join(ENDINGS)}"
        )
    return path, found


@contextlib.contextmanager
def atomic_write(path):
    """A new file that takes the place of ``path`` when the block ends well, and vanishes if not."""
    path = os.path.realpath(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a folder")
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _sync_folder(folder):
    """Let the new name reach the disk too, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
