"""What a condition before a place, or around it, excludes there."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

STORES = (
    "class Plain:\n    def keep(self): return 1\nclass Slow:\n    async def keep(self): return 1\nclass Slower(Slow): ...\n"
    "store, other = Slow(), Slower()\ndef start():\n    global turned\n    turned = Slow()\nturned = Slow()\n"
    "async def run(held: Any, wait: bool = True) -> int:\n    {}\n    return 1\n"
    "@app.get('/x')\nasync def show(n: int = 0) -> int:\n    {}\n    return 1\n"
)
TAKEN = {
    "no condition": ("", "store.keep()"),
    "a class that it is": ("", "if isinstance(store, Slow): store.keep()"),
    "a class of its class": ("", "if isinstance(other, Slow): other.keep()"),
    "a class that it is not, turned around": ("", "if not isinstance(store, Plain): store.keep()"),
    "what is there": ("", "if store is not None: store.keep()"),
    "what is there, in short": ("", "if store: store.keep()"),
    "what the client decides": ("", "if n: store.keep()"),
    "what another function replaces": ("", "if isinstance(turned, Plain): turned.keep()"),
    "what comes after a question": ("", "if isinstance(store, Plain): return 2\n    store.keep()"),
    "what one caller passes": ("if not wait: held.keep()", "await run(store)\n    await run(store, wait=False)"),
    "what is asked of something else": ("", "if asyncio.iscoroutinefunction(show): return 2\n    store.keep()"),
}
NOT_TAKEN = {
    "a class that it is not": ("", "if isinstance(store, Plain): store.keep()"),
    "the other branch": ("", "if isinstance(store, Slow): await store.keep()\n    else: store.keep()"),
    "the other branch of several classes": ("", "if isinstance(store, (Plain, Slow)): await store.keep()\n    else: store.keep()"),
    "the other choice": ("", "(await store.keep()) if isinstance(store, Slow) else bool(not store.keep())"),
    "what comes after it left": ("", "if isinstance(store, Slow): return await store.keep()\n    store.keep()"),
    "what is not there": ("", "if store is None: store.keep()"),
    "what is not there, in short": ("", "if not store: store.keep()"),
    "one of two conditions": ("", "if n and isinstance(store, Plain): store.keep()"),
    "what the only caller never passes": ("if not wait: held.keep()", "await run(store)"),
    "what the only caller passes by name": ("if wait: return 2\n    held.keep()", "await run(store, wait=True)"),
    "a class that the only caller never passes": ("if isinstance(held, Plain): held.keep()", "await run(store)"),
    "what is asked before": ("", "if asyncio.iscoroutinefunction(store.keep): await store.keep()\n    else: store.keep()"),
}  # fmt: skip


@pytest.mark.parametrize(("called", "caller"), TAKEN.values(), ids=list(TAKEN))
def test_a_branch_that_may_be_taken_awaits_what_it_calls(check: Check, called: str, caller: str) -> None:
    """TW024: where a branch may be taken, its coroutine has to be awaited."""
    found = check(HEAD + STORES.format(called, caller), "--select", "TW024")
    assert set(found.codes) == {"TW024"}, found.out


@pytest.mark.parametrize(("called", "caller"), NOT_TAKEN.values(), ids=list(NOT_TAKEN))
def test_a_branch_that_nothing_takes_awaits_nothing(check: Check, called: str, caller: str) -> None:
    """TW024: what an object of a module is, and what the only caller passes, decides conditions."""
    assert check(HEAD + STORES.format(called, caller), "--all", "--select", "TW024").codes == []


DEFAULTS = "def note(word: str, seen: {} = {}) -> Any:\n    {}\n    return seen\n@app.get('/x')\nasync def show(n: str = '') -> None: note(n)\n"
# Each with the default and what the function does with it.
GROWS = {
    "an item": ("{}", "seen[word] = 1"),
    "an item under a condition": ("{}", "if word: seen[word] = 1"),
    "an item that is not there": ("{}", "if word not in seen: seen[word] = 1"),
    "an item that is not there, by its value": ("{}", "if seen.get(word) is None: seen[word] = 1"),
    "an item that is not there, by its truth": ("{}", "if not seen.get(word): seen[word] = 1"),
    "an item that is not there, by a name": ("{}", "found = seen.get(word)\n    if not found: seen[word] = 1"),
    "an item that is counted": ("{}", "seen[word] = seen.get(word, 0) + 1"),
    "an item that is counted where it is there": ("{}", "seen[word] = seen[word] + 1 if word in seen else 1"),
    "an item that fails first": ("{}", "try: seen[word] += 1\n    except KeyError: seen[word] = 1"),
    "what is empty": ("[]", "if not seen: seen.append(word)"),
    "what is short": ("[]", "if len(seen) < 9: seen.append(word)"),
    "what has none of something": ("[]", "if not any(each == word for each in seen): seen.append(word)"),
    "what comes after the items": ("[]", "for each in seen: print(each)\n    seen.append(word)"),
    "what no item ends": ("[]", "for each in seen:\n        if each == word: return 1\n    seen.append(word)"),
    "what no item is": ("[]", "for each in seen:\n        if each == word: break\n    else: seen.append(word)"),
    "what leaves": ("[]", "if not seen:\n        seen.append(word)\n        return 1"),
    "an item or the next": ("{}", "for key in [word]:\n        if key in seen: continue\n        seen[key] = 1"),
    "a slice": ("[]", "seen[:] = [word]"),
    "several": ("[]", "seen.extend([word])"),
    "a set": ("set()", "seen.add(word)"),
    "more of another": ("{}", "seen.update({word: 1})"),
    "what another has": ("{}", "for each in [word]: seen[each] = 1"),
    "what there is, or else": ("{}", "if 'x' in seen: pass\n    else: seen[word] = 1"),
    "one that is full": ("{'y': 1}", "if 'y' in seen: seen['x'] = seen.pop('y')"),
    "one that counts": ("Counter()", "seen[word] += 1"),
    "what is asked for its class": ("{}", "if isinstance(seen, dict): seen[word] = 1"),
    "what a local list gets": ("{}", "found = []\n    found.append(word)\n    for each in found: seen[each] = 1"),
    "what a local list gets elsewhere": ("{}", "found = []\n    print(found)\n    for each in found: seen[each] = 1"),
    "what a copy gets": ("{}", "found = dict(seen)\n    found[word] = 1\n    if found: seen[word] = 1"),
    "what a dict has besides": ("{}", "found = dict(seen, x=1)\n    if found: seen[word] = 1"),
    "a sum that begins somewhere": ("{}", "if sum(seen.values(), 1): seen[word] = 1"),
}  # fmt: skip
STAYS = {
    "an item that is there": ("{}", "if word in seen: seen[word] = 1"),
    "an item that is moved": ("{}", "if 'x' in seen: seen['y'] = seen.pop('x')"),
    "an item that is moved in any case": ("{}", "seen['y'] = seen.pop('x')"),
    "an item that is moved later": ("{}", "old = seen.pop('x')\n    seen['y'] = old"),
    "an item by its value": ("{}", "found = seen.get(word)\n    if found is not None: seen['y'] = found"),
    "an item by its truth": ("{}", "if found := seen.get(word): seen['y'] = found"),
    "two items": ("{}", "one, other = seen.get('x'), 1\n    two = seen.get('y')\n    if two and other: seen['z'] = two"),
    "an item that is read twice": ("{}", "found = seen.get('x')\n    if found and word: seen['y'] = 1\n    found = seen.get('x')"),
    "an item with a default": ("{}", "if seen.get(word, False): seen['y'] = 1"),
    "what is there": ("{}", "if seen: seen['y'] = 1"),
    "what is there, after leaving": ("{}", "if not seen: return 1\n    seen['y'] = 1"),
    "what has a length": ("[]", "if len(seen) > 0: seen.append(word)"),
    "what has this length": ("[]", "if len(seen) == 0: return 1\n    seen.append(word)"),
    "what has one of something": ("[]", "if any(each == word for each in seen): seen.append(word)"),
    "each item": ("{}", "for key, value in seen.items(): seen[key] = str(value)"),
    "each key of a copy": ("{}", "for key in list(seen): seen[key] = 1"),
    "each item of what is made of it": ("{}", "found = [each for each in seen if each]\n    for key in found: seen[key] = 1"),
    "each item, in a comprehension": ("[]", "[seen.append(each) for each in seen]"),
    "while there is something": ("[]", "while seen: seen.insert(0, seen.pop())"),
    "the first item": ("[]", "seen[0] = word"),
    "a number that is raised": ("{}", "seen[word] += 1"),
    "the first item, read before": ("[]", "first = seen[0]\n    seen.append(first)"),
    "what is removed": ("[]", "seen.remove(word)"),
    "one of two conditions": ("{}", "if word and word in seen: seen[word] = 1"),
    "a choice": ("[]", "seen.append(word) if seen else None"),
    "one that is put in its place": ("{}", "seen = dict(seen)\n    seen[word] = 1"),
}  # fmt: skip


@pytest.mark.parametrize(("default", "body"), GROWS.values(), ids=list(GROWS))
def test_an_empty_default_does_not_stay_empty(check: Check, default: str, body: str) -> None:
    """TW018: what a function puts into a default is there for the next request."""
    source = "from collections import Counter\n" + DEFAULTS.format("Any", default, body)
    found = check(HEAD + source, "--select", "TW018")
    assert found.codes == ["TW018"], found.out


@pytest.mark.parametrize(("default", "body"), STAYS.values(), ids=list(STAYS))
def test_an_empty_default_stays_empty(check: Check, default: str, body: str) -> None:
    """TW018: what a function only does where there is something in a default never begins."""
    assert check(HEAD + DEFAULTS.format("Any", default, body), "--all", "--select", "TW018").codes == []


KEEPS = "def keep(word: str, seen: list[str] = []) -> None: seen.append(word)\n"
CALLED = {
    "without it": ("@app.get('/x')\nasync def show() -> None: keep('a')", 1),
    "without it, in one of two": ("@app.get('/x')\nasync def show() -> None:\n    keep('a')\n    keep('a', [])", 1),
    "by another name": ("again = keep\n@app.get('/x')\nasync def show() -> None: again('a')", 1),
    "by the event loop": (
        "@app.get('/x')\nasync def show() -> None: asyncio.get_running_loop().call_soon(keep, 'a')", 1,
    ),
    "with it": ("@app.get('/x')\nasync def show() -> None: keep('a', [])", 0),
    "with it, by name": ("@app.get('/x')\nasync def show() -> None: keep(word='a', seen=['b'])", 0),
    "with it, in a dict": ("@app.get('/x')\nasync def show() -> None: keep(**{'word': 'a', 'seen': []})", 0),
    "with it, where another has the name": (
        "class Other:\n    def keep(self, word: str) -> None: ...\n"
        "@app.get('/x')\nasync def show() -> None:\n    keep('a', [])\n    Other().keep('a')", 0,
    ),
    "by the framework, where another has the name": (
        "class Other:\n    def get(self, word: str) -> None: ...\n"
        "@app.get('/x')\nasync def get(word: str, seen: Annotated[list[str], Query()] = []) -> None:\n"
        "    seen.append(word)\n    Other().get(word)", 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("calls", "count"), CALLED.values(), ids=list(CALLED))
def test_a_default_counts_where_a_call_leaves_the_argument_out(check: Check, calls: str, count: int) -> None:
    """TW018: where each caller passes something, the default stays as it is; the framework copies it."""
    assert check(HEAD + KEEPS + calls, "--all", "--select", "TW018").codes == ["TW018"] * count
