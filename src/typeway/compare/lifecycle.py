"""Compare what a document says about the end of something: that it is deprecated, and the date of its sunset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from typeway.compare.change import Place, Verdict

# The extension that oasdiff reads, after the header Sunset (RFC 8594): a date, or a date and time, in RFC 3339.
SUNSET: Final = "x-sunset"


def compare_lifecycle(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> None:
    """Report that something has become deprecated or is no longer, and changes of its sunset date."""
    was, now = bool(old.get("deprecated")), bool(new.get("deprecated"))
    before, after = date_of(old), date_of(new)
    if now and not was:
        until = f", with the sunset date {after}" if after else ""
        place.judge(f"{place.kind}-deprecated", Verdict.COMPATIBLE, f"it is now deprecated{until}")
    elif was and not now:
        place.judge(f"{place.kind}-reactivated", Verdict.COMPATIBLE, "it is no longer deprecated")
    elif was and before and not after:
        place.judge(
            f"{place.kind}-sunset-deleted", Verdict.BREAKING, f"it has no sunset date any more; it was {before}"
        )
    elif was and before and after and after < before:
        text = f"its sunset date is earlier: {after}, not {before}"
        place.judge(f"{place.kind}-sunset-date-changed-too-small", Verdict.BREAKING, text)


def removal(old: Mapping[str, Any], today: str, verdict: Verdict) -> tuple[str, Verdict, str]:
    """Return how something has been removed, for the name of the rule, what that means, and a part of the sentence.

    Parameters:
        old: what has been removed.
        today: the date, as `YYYY-MM-DD`.
        verdict: what it means if it had not been deprecated.
    """
    if not old.get("deprecated"):
        return "", verdict, "has been removed"
    sunset = date_of(old)
    if sunset and sunset > today:
        return "-before-sunset", Verdict.BREAKING, f"has been removed before its sunset date {sunset}"
    return "-with-deprecation", Verdict.COMPATIBLE, "has been removed, after it was deprecated"


def date_of(node: Mapping[str, Any]) -> str:
    """Return the sunset date, as `YYYY-MM-DD`; empty if there is none."""
    return str(node.get(SUNSET) or "")[:10]
