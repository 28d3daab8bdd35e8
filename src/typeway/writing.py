"""Write a file at once, so that an interruption or a full disk leaves the old one."""

import os
from pathlib import Path
from stat import S_IMODE


def write_at_once(path: Path, content: bytes) -> None:
    """Write a file beside its place, and move it there; its mode is kept, and a link stays one.

    Parameters:
        path: the file, which need not exist; its folder does.
        content: what it contains from then on.

    Raises:
        OSError: the file cannot be written.
    """
    file = path.resolve()
    # Another process may write the same file at the same time.
    beside = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        beside.write_bytes(content)
        if file.exists():
            beside.chmod(S_IMODE(file.stat().st_mode))
        beside.replace(file)
    except BaseException:
        if beside.is_file():
            beside.unlink()
        raise
