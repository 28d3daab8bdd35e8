"""Conditional requests (RFC 9110, section 13): a client says which version it has."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated

from examples.task_manager.models import Task
from examples.task_manager.services.tasks import TaskPage, Versions
from typeway import Depends, Header, Response, status

TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
OURS = re.compile(r"[1-9][0-9]{0,9}")


def tag_of(task: Task) -> str:
    """Return the entity tag of a task."""
    return f'"{task.version}"'


def tag_of_page(page: TaskPage) -> str:
    """Return the entity tag of a list: another one for other tasks, other versions, or another order."""
    shown = [page.total, *((task.id, task.version) for task in page.tasks)]
    return f'"{sha256(repr(shown).encode()).hexdigest()[:32]}"'


async def seen_versions(if_match: Annotated[list[str] | None, Header()] = None) -> Versions:
    """Return the versions in `If-Match`; None if any will do. Weak tags never match here."""
    if if_match is None or _is_any(if_match):
        return None
    strong = [tag for weak, tag in TAG.findall(",".join(if_match)) if not weak]
    return {int(tag) for tag in strong if OURS.fullmatch(tag)}


SeenVersions = Annotated[Versions, Depends(seen_versions)]


async def known_tags(if_none_match: Annotated[list[str] | None, Header()] = None) -> Sequence[str]:
    """Return the tags in `If-None-Match`, weak ones like strong ones; `*` for any."""
    if if_none_match is None:
        return []
    return ["*"] if _is_any(if_none_match) else [f'"{tag}"' for _, tag in TAG.findall(",".join(if_none_match))]


KnownTags = Annotated[Sequence[str], Depends(known_tags)]


def unchanged(tag: str, known: Sequence[str]) -> Response | None:
    """Return a 304 if the client has this version already."""
    if tag not in known and "*" not in known:
        return None
    return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=caching(tag))


def caching(tag: str) -> dict[str, str]:
    """Return the headers of a version: browsers may keep it, and ask each time whether it is still the newest."""
    return {"ETag": tag, "Cache-Control": "private, no-cache"}


def _is_any(values: Sequence[str]) -> bool:
    return [value.strip() for value in values] == ["*"]
