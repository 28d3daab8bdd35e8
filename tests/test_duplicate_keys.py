"""A key that stands twice in an object is found wherever it stands, and nothing else is taken for one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typeway.decoders import JSONRules, RefusedJSON

# An object is a list of its members, so that a key may stand in it twice. The texts have colons, also escaped ones.
texts = st.sampled_from(('"a"', '"b"', '"c:"', '":"', r'"\u003a"', r'"\u003aa"', r'"\\\":"', '"é:"', r'"\u0061"'))
scalars = st.one_of(
    texts.map(lambda text: ("text", text)), st.sampled_from((("text", "1"), ("text", "null"), ("text", "-0.5e3")))
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: ("list", items)),
        st.lists(st.tuples(texts, inner), max_size=4).map(lambda members: ("object", members)),
    ),
    max_leaves=20,
)  # fmt: skip


def written(tree: Any) -> str:
    kind, content = tree
    if kind == "list":
        return "[" + ", ".join(map(written, content)) + "]"
    return "{" + ",".join(f"{key} : {written(value)}" for key, value in content) + "}" if kind == "object" else content


def repeats_a_key(tree: Any) -> bool:
    kind, content = tree
    if kind == "object":
        keys = [json.loads(key) for key, _ in content]
        return len({*keys}) < len(keys) or any(repeats_a_key(value) for _, value in content)
    return kind == "list" and any(map(repeats_a_key, content))


@given(trees)
@settings(deadline=None, max_examples=1500)
def test_a_text_is_refused_exactly_if_it_has_a_key_twice(tree: Any) -> None:
    """The shortcuts for flat bodies neither miss a lost member nor refuse a text because of colons in its strings."""
    text = written(tree)
    if repeats_a_key(tree):
        with pytest.raises(RefusedJSON, match="a key twice"):
            JSONRules().read(text.encode())
    else:
        assert JSONRules().read(text.encode()) == json.loads(text)
