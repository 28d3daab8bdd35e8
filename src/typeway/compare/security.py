"""Compare which credentials operations demand, and how the credentials are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from typeway.compare.change import Place, Verdict
from typeway.compare.document import canonical

# An alternative: the scopes that each of its schemes needs.
Alternative = Mapping[str, Sequence[str]]

# What a client must know of a scheme to send its credentials; descriptions and URLs may change.
ESSENTIAL: Final = ("type", "in", "name", "scheme")
URLS: Final = ("authorizationUrl", "tokenUrl", "refreshUrl")


def compare_security(old: Sequence[Alternative], new: Sequence[Alternative], place: Place) -> None:
    """Report each way to be let in that suffices no longer, and each new one.

    Parameters:
        old, new: the alternatives; none, or an empty one, lets everybody in.
    """
    former, latter = list(old) or [{}], list(new) or [{}]
    for before in former:
        if not any(suffices(before, after) for after in latter):
            report_lost(before, latter, place)
    for after in latter:
        if not any(suffices(before, after) for before in former):
            continue
        for before in former:
            if before.keys() == after.keys() and suffices(before, after) and not suffices(after, before):
                dropped = sorted({scope for name in before for scope in before[name] if scope not in after[name]})
                text = f"the scope {', '.join(dropped)} is no longer needed"
                place.judge("api-security-scope-removed", Verdict.COMPATIBLE, text)
    known = {canonical(alternative) for alternative in former}
    for after in latter:
        is_new = canonical(after) not in known and all(before.keys() != after.keys() for before in former)
        if is_new and not after:
            place.judge("api-security-removed", Verdict.COMPATIBLE, "no credentials are needed any more")
        elif is_new and former != [{}]:
            text = f"{shown(after)} suffices as well"
            place.judge("api-security-alternative-added", Verdict.COMPATIBLE, text)


def suffices(given: Alternative, demanded: Alternative) -> bool:
    """Whether a client with the credentials of one alternative fulfils another."""
    return all(name in given and set(scopes) <= set(given[name]) for name, scopes in demanded.items())


def report_lost(before: Alternative, latter: Sequence[Alternative], place: Place) -> None:
    """Report that the credentials of an alternative no longer suffice."""
    same = next((after for after in latter if after.keys() == before.keys()), None)
    wanted = " or ".join(map(shown, latter))
    if not before:
        place.judge("api-security-added", Verdict.BREAKING, f"credentials are needed now: {wanted}")
    elif same is not None:
        more = sorted({scope for name in same for scope in same[name] if scope not in before[name]})
        place.judge("api-security-scope-added", Verdict.BREAKING, f"the scope {', '.join(more)} is needed now")
    else:
        text = f"{shown(before)} is no longer enough; needed is {wanted}"
        place.judge("api-security-updated", Verdict.BREAKING, text)


def shown(alternative: Alternative) -> str:
    names = [f"{name} ({', '.join(scopes)})" if scopes else name for name, scopes in alternative.items()]
    return " with ".join(names) or "nothing"


def compare_schemes(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> None:
    """Compare the declarations of the security schemes that both documents have."""
    former, latter = [((document.get("components") or {}).get("securitySchemes") or {}) for document in (old, new)]
    for name in [*former, *(name for name in latter if name not in former)]:
        inner = place.inside(f"security scheme {name}", "api-security-component")
        if name not in latter:
            inner.judge("api-security-component-removed", Verdict.COMPATIBLE, "the scheme has been removed")
        elif name not in former:
            inner.judge("api-security-component-added", Verdict.COMPATIBLE, "the scheme has been added")
        else:
            compare_scheme(former[name], latter[name], inner)


def compare_scheme(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> None:
    """Compare two declarations of one scheme."""
    for key in ESSENTIAL:
        before, after = old.get(key), new.get(key)
        if str(before).lower() != str(after).lower():
            text = f"its {key} is {after}, not {before}"
            place.judge("api-security-component-type-changed", Verdict.BREAKING, text)
    flows, others = old.get("flows") or {}, new.get("flows") or {}
    for flow in flows:
        if flow not in others:
            place.judge("api-security-component-flow-removed", Verdict.BREAKING, f"the flow {flow} has been removed")
            continue
        for key in URLS:
            if flows[flow].get(key) != others[flow].get(key):
                text = f"the {key} of {flow} is {others[flow].get(key)}, not {flows[flow].get(key)}"
                place.judge("api-security-component-oauth-url-changed", Verdict.COMPATIBLE, text)
        for scope in flows[flow].get("scopes") or ():
            if scope not in (others[flow].get("scopes") or ()):
                text = f"the scope {scope} of {flow} has been removed"
                place.judge("api-security-component-oauth-scope-removed", Verdict.BREAKING, text)
