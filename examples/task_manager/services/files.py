"""Store contents in a folder, under random names, while they arrive."""

import secrets
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

import anyio
from anyio import to_thread

from examples.task_manager.exceptions import AttachmentTooLargeError, UnsupportedAttachmentError


def _is_text(start: bytes) -> bool:
    return b"\x00" not in start


def _starts_with(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda start: start.startswith(signatures)


# The accepted types, and how their contents begin. HTML and SVG are not among them: they may contain scripts.
ACCEPTED: dict[str, Callable[[bytes], bool]] = {
    "application/pdf": _starts_with(b"%PDF-"),
    "application/zip": _starts_with(b"PK\x03\x04", b"PK\x05\x06"),
    "image/gif": _starts_with(b"GIF87a", b"GIF89a"),
    "image/jpeg": _starts_with(b"\xff\xd8\xff"),
    "image/png": _starts_with(b"\x89PNG\r\n\x1a\n"),
    "image/webp": lambda start: start[:4] == b"RIFF" and start[8:12] == b"WEBP",
    "text/csv": _is_text,
    "text/markdown": _is_text,
    "text/plain": _is_text,
}
# As many bytes as are needed to recognize a type.
START = 16


class Files:
    """A folder of files. Several servers share it as a volume.

    Parameters:
        folder: where the files are; it is created with the first one.
        limit: the largest size of a file, in bytes.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self.limit = limit

    def path(self, name: str) -> Path:
        """Return where a file is."""
        return self._folder / name

    async def store(self, content_type: str, content: AsyncIterator[bytes]) -> tuple[str, int]:
        """Write a file while its content arrives; return its name and its size.

        Raises:
            AttachmentTooLargeError: the content is longer than the limit.
            UnsupportedAttachmentError: the type is not accepted, or the content is of another type.
        """
        recognize = ACCEPTED.get(content_type)
        if recognize is None:
            raise UnsupportedAttachmentError(content_type, ", ".join(ACCEPTED))
        name = secrets.token_hex(16)
        await to_thread.run_sync(lambda: self._folder.mkdir(parents=True, exist_ok=True))
        size, start = 0, b""
        try:
            async with await anyio.open_file(self.path(name), "wb") as file:
                async for chunk in content:
                    size += len(chunk)
                    start += chunk[: START - len(start)]
                    if size > self.limit:
                        raise AttachmentTooLargeError(self.limit)
                    await file.write(chunk)
            if not recognize(start):
                raise UnsupportedAttachmentError(content_type, ", ".join(ACCEPTED))
        except BaseException:
            # Also when the client has left: nothing remains of a file that did not arrive.
            with anyio.CancelScope(shield=True):
                await self.remove([name])
            raise
        return name, size

    async def remove(self, names: Collection[str]) -> None:
        """Remove files; those that are gone already are no error."""
        for name in names:
            await to_thread.run_sync(lambda path: path.unlink(missing_ok=True), self.path(name))
