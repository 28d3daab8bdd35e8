"""Errors that a dependency catches at its `yield`, so that the endpoint's answer is lost."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

FOUND = {
    "every error": "try: yield 1\n    except Exception: print('x')",
    "in whatever class": "try: yield 1\n    except BaseException as error: print(error)",
    "without a class": "try: yield 1\n    except: pass",
    "a tuple": "try: yield 1\n    except (ValueError, Exception): print('x')",
    "after the clean-up": "try:\n        yield 1\n    except Exception:\n        note()\n    finally:\n        note()",
    "inside of a with statement": "with make_session() as session:\n        try: yield 1\n        except Exception: session.rollback()",
    "by a return": "try: yield 1\n    except Exception: return",
}
LEFT_ALONE = {
    "what is raised again": "try: yield 1\n    except Exception:\n        note()\n        raise",
    "what becomes another error": "try: yield 1\n    except Exception as error: raise HTTPException(409) from error",
    "what another function raises": "try: yield 1\n    except Exception as error: fail(error)",
    "what is raised in a branch": "try: yield 1\n    except Exception as error:\n        if not note(): raise",
    "what is no answer": "try: yield 1\n    except ConnectionError: note()",
    "what was raised again before": "try: yield 1\n    except HTTPException: raise\n    except Exception: note()",
    "what is done before the yield": "try: note()\n    except Exception: note()\n    yield 1",
    "what is done after it": "yield 1\n    try: note()\n    except Exception: note()",
}
BEFORE = (
    "def note() -> bool: return True\ndef fail(error: Exception) -> None: raise HTTPException(409)\n"
    "{} give() -> Any:\n    {}\n"
)
GET = (
    "def found(n: int) -> int:\n    if n > 9: raise HTTPException(404)\n    return n\n"
    "@app.get('/x')\ndef show(n: Annotated[int, Depends(give)]) -> int: return found(n)\n"
)
NEVER = "@app.get('/x')\ndef show(n: Annotated[int, Depends(give)]) -> int: return n\n"


@pytest.mark.parametrize("keyword", ["def", "async def"])
@pytest.mark.parametrize("body", FOUND.values(), ids=list(FOUND))
def test_a_dependency_that_swallows_errors_is_found(check: Check, keyword: str, body: str) -> None:
    """TW017: the endpoint's 404 is a 500 for the client."""
    outcome = check(HEAD + BEFORE.format(keyword, body) + GET, "--select", "TW017")
    assert outcome.codes == ["TW017"], outcome.out


@pytest.mark.parametrize("body", LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_a_dependency_that_lets_answers_through_is_left_alone(check: Check, body: str) -> None:
    """TW017: some errors may be kept, and an error of the dependency's own is none of the endpoint's."""
    outcome = check(HEAD + BEFORE.format("def", body) + GET, "--select", "TW017")
    assert outcome.codes == [], outcome.out


@pytest.mark.parametrize("body", FOUND.values(), ids=list(FOUND))
def test_where_no_answer_is_lost_nothing_is_found(check: Check, body: str) -> None:
    """TW017: an endpoint that answers with no HTTPException would end as a 500 anyway."""
    assert check(HEAD + BEFORE.format("def", body) + NEVER, "--select", "TW017").codes == []
