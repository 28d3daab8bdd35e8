"""`typeway check --fix`: what is changed, what is left to people, and that nothing else of a file changes."""

import re
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

SLEEP = (
    """
    # Naps.
    import time

    from typeway import Typeway

    app = Typeway()


    @app.get("/")
    async def nap() -> str:
        time.sleep(1)  # a second
        return "awake"
    """,
    {"import time": "import asyncio\nimport time", "    time.sleep(1)": "    await asyncio.sleep(1)"},
)
OTHER_SLEEP = (
    """
    from __future__ import annotations

    import asyncio as loops
    from time import sleep

    from typeway import Typeway

    app = Typeway()


    @app.get("/")
    async def nap() -> str:
        for _ in range(3): sleep(
            0.1,  # short
        )
        return str(loops)
    """,
    {": sleep(": ": await loops.sleep("},
)
FIRST_IMPORT = (
    '''
    """Naps."""
    from __future__ import annotations
    from time import sleep
    from typeway import Typeway

    app = Typeway()


    @app.get("/")
    async def nap() -> None:
        sleep(1)
    ''',
    {"from time": "import asyncio\nfrom time", "    sleep(1)": "    await asyncio.sleep(1)"},
)
PATCH = """
    from fastapi_like import jsonable_encoder
    from pydantic import BaseModel
    from typeway import Typeway

    app = Typeway()
    ROWS: dict[int, dict[str, object]] = {{}}


    class Change(BaseModel):
        title: str | None = None
        done: bool = False


    @app.patch("/rows/{{key}}")
    def change(key: int, change: Change) -> None:
        ROWS[key].update(
            {call}  # all of it
        )
"""
UPDATES = {
    "change.model_dump()": "change.model_dump(exclude_unset=True)",
    'change.model_dump(mode="json")': 'change.model_dump(mode="json", exclude_unset=True)',
    'change.model_dump(mode="json",)': 'change.model_dump(mode="json", exclude_unset=True,)',
    "jsonable_encoder(change)": "jsonable_encoder(change, exclude_unset=True)",
}
CLEANUP = '''
    from collections.abc import Iterator

    from typeway import Depends, Typeway

    app = Typeway()


    class Session:
        def close(self) -> None: ...

        def commit(self) -> None: ...


    def get_session() -> Iterator[Session]:
        """Open a session."""
        if True:
            session = Session()
            {body}


    @app.get("/")
    def read(session: Session = Depends(get_session)) -> str:
        return repr(session)
'''
YIELD = (
    """
    yield session

    # Whatever happens.
    session.close()
    print('''closed
    at last''')  # and said
    """,
    """
    try:
        yield session

    finally:
        # Whatever happens.
        session.close()
    print('''closed
    at last''')  # and said
    """,
)
COMMIT = (
    """
    yield session
    session.commit()
    session.close()
    """,
    """
    try:
        yield session
        session.commit()
    finally:
        session.close()
    """,
)
DEFAULTS = """
    from typeway import Typeway

    app = Typeway()


    @app.get("/")
    def read(tags: list[str] = []) -> list[str]:
        '''Read tags.'''
        # One more.
        tags.append("x")
        return count(tags)


    def count(tags: list[str], seen: dict[str, int] = {}, *, order: list[str] = list()) -> list[str]:
        seen["x"] = 1
        order.append("x")
        return tags


    def read_again() -> list[str]:
        return read()
"""
FIXED_DEFAULTS = {
    "    # One more.\n": "    # One more.\n    tags = list(tags)\n",
    "seen: dict[str, int] = {}": "seen: dict[str, int] | None = None",
    "order: list[str] = list()": "order: list[str] | None = None",
    '    seen["x"]': "    if seen is None:\n        seen = {}\n    if order is None:\n        order = list()\n"
    '    seen["x"]',
}


def replaced(source: str, changes: dict[str, str]) -> str:
    text = dedent(source)
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def cleanup(lines: str) -> str:
    """The application with a dependency that ends like this, two levels in."""
    inside = indent(
        dedent(lines).strip("\n"), "        ", lambda line: bool(line.strip()) and not line.startswith("at last")
    )
    return dedent(CLEANUP).replace("        {body}", inside)


# Only what is imported for the whole file is there in every function.
ELSEWHERE = """
    import time

    from typeway import Typeway

    app = Typeway()


    class Clock:
        import asyncio


    def later() -> None:
        import asyncio

        asyncio.run(nap())


    @app.get("/")
    async def nap() -> None:
        (time.sleep)(1)
        (time
         .sleep(1))
"""
FIXED_ELSEWHERE = {
    "import time": "import asyncio\nimport time",
    "(time.sleep)(1)": "await (asyncio.sleep)(1)",
    "(time\n     .sleep(1))": "(await asyncio.sleep(1))",
}
RETURNED = """
    from typing import Any

    from typeway import Depends, HTTPException, Typeway

    app = Typeway()


    def asked(who: str = "") -> Any:
        if not who: return(HTTPException(401))  # who?
        return who


    @app.get("/")
    def read(who: Any = Depends(asked), number: int = 0) -> Any:
        try:
            number = 9 // number
        except ZeroDivisionError:
            return HTTPException(
                409,  # too many
            )
        if number > 2: return HTTPException(400)
        return who, number
"""
FIXED_RETURNED = {
    "if not who: return": "if not who: raise",
    "return HTTPException(\n            409": "raise HTTPException(\n            409",
    "number > 2: return": "number > 2: raise",
}
INSTEAD = (
    dedent(RETURNED)
    .replace("if not who: return(HTTPException(401))", "{}")
    .replace("return HTTPException", "raise HTTPException")
)
SWALLOWED = """
    import logging

    from typeway import HTTPException, Typeway

    app = Typeway()


    def find(number: int) -> int:
        if number > 9:
            raise HTTPException(404)
        return number


    @app.get("/")
    def read(number: int) -> int:
        try:
            return find(number)
        except ValueError:
            raise HTTPException(400)
        # All others.
        except Exception as error:  # whatever it is
            logging.error("x")
            if number:
                raise HTTPException(500, str(error))
            raise HTTPException(503)


    @app.get("/again")
    def again(number: int) -> int:
        try: return find(number)
        except Exception: raise HTTPException(500)


    @app.get("/deep")
    def deep(number: int) -> int:
        if number:
          try:
            return find(number)
          except:
            raise HTTPException(500)
        return number
"""
FIXED_SWALLOWED = {
    "    except Exception as error": "    except HTTPException:\n        raise\n    except Exception as error",
    "    except Exception: raise": "    except HTTPException:\n        raise\n    except Exception: raise",
    "      except:": "      except HTTPException:\n        raise\n      except:",
}
UNDOES = dedent(SWALLOWED).partition('\n\n@app.get("/again")')[0]
AFTERWARDS = (
    "yield session\nsession.close()\n# It has worked.\nprint('done')\nNUMBER['done'] = 1\n",
    "try:\n    yield session\nfinally:\n    session.close()\n# It has worked.\nprint('done')\nNUMBER['done'] = 1\n",
)
CASES = {
    "sleep with asyncio imported elsewhere": (dedent(ELSEWHERE), replaced(ELSEWHERE, FIXED_ELSEWHERE)),
    "what comes after the clean-up": (cleanup(AFTERWARDS[0]), cleanup(AFTERWARDS[1])),
    "an exception that is returned": (dedent(RETURNED), replaced(RETURNED, FIXED_RETURNED)),
    "an HTTPException that is caught": (dedent(SWALLOWED), replaced(SWALLOWED, FIXED_SWALLOWED)),
    "sleep": (dedent(SLEEP[0]), replaced(*SLEEP)),
    "sleep of its own name": (dedent(OTHER_SLEEP[0]), replaced(*OTHER_SLEEP)),
    "sleep without an import before which another fits": (dedent(FIRST_IMPORT[0]), replaced(*FIRST_IMPORT)),
    "clean-up": (cleanup(YIELD[0]), cleanup(YIELD[1])),
    "clean-up after a commit": (cleanup(COMMIT[0]), cleanup(COMMIT[1])),
    "defaults": (dedent(DEFAULTS), replaced(DEFAULTS, FIXED_DEFAULTS)),
} | {
    call: (dedent(PATCH.format(call=call)), dedent(PATCH.format(call=fixed))) for call, fixed in UPDATES.items()
}  # fmt: skip
ENCODER = {"fastapi_like": "from typeway.encoders import jsonable_encoder\n"}


@pytest.mark.parametrize("name", CASES)
def test_a_fixed_file_passes_and_is_otherwise_the_same(check: Check, tmp_path: Path, name: str) -> None:
    """--fix changes exactly what is needed, keeps comments and layout, and has nothing left to do the second time."""
    before, after = CASES[name]
    assert check(before, "--fix", form=None, **ENCODER).status == 0
    assert (tmp_path / "main.py").read_text() == after
    again = check(after, "--fix", form=None, **ENCODER)
    assert (again.status, again.out, again.err) == (0, "No findings.\n", "0 findings fixed\n")
    assert (tmp_path / "main.py").read_text() == after


SLEEPS = {
    "nothing": dedent(SLEEP[0]),
    "asyncio by another name": dedent(OTHER_SLEEP[0]),
    "only anyio": dedent(SLEEP[0]).replace("import time", "import anyio\nimport time"),
    "both": dedent(SLEEP[0]).replace("import time", "import anyio\nimport asyncio\nimport time"),
}


@pytest.mark.parametrize("source", SLEEPS.values(), ids=list(SLEEPS))
def test_the_fix_in_words_is_the_one_of_the_diff(check: Check, source: str) -> None:
    """Whatever a file imports, the text names the function that --fix writes."""
    [finding] = check(source).findings
    named = re.fullmatch(r"await `(\w+\.sleep)\(\.\.\.\)` instead\.", str(finding["fix"]))
    assert named is not None
    assert f"+    await {named[1]}(" in str(finding["diff"]).replace("for _ in range(3): ", "")


HELPER = dedent(DEFAULTS).replace('tags.append("x")', "pass").replace('order.append("x")', "pass")
UNSAFE = {
    "asyncio is the name of something imported": dedent(SLEEP[0]).replace(
        "import time", "import time\nfrom time import monotonic as asyncio"
    ),
    "an exception that would be caught": INSTEAD.format("try: return HTTPException(401)\n    except Exception: pass"),
    "an exception in a transaction": INSTEAD.format("with open(who): return HTTPException(401)"),
    "an exception in a choice": INSTEAD.format("if not who: return None if len(who) else HTTPException(401)"),
    "an exception that other callers may get": INSTEAD.format("if not who: return find(who)").replace(
        "def asked",
        "def find(who: Any) -> Any:\n    if not who:\n        return HTTPException(404)\n    return who\n\n\ndef asked",
    ),
    "an exception that was caught": INSTEAD.format("try: int(who)\n    except ValueError as error: return error"),
    "a handler that undoes something": UNDOES.replace("logging.error", "print(0) or repr").replace(
        "print(0)", "app.undo()"
    ),
    "a class without a name": UNDOES.replace("import HTTPException, Typeway", "import Typeway")
    .replace("    try:", "    import typeway\n    try:")
    .replace("    if number > 9", "    import typeway\n    if number > 9")
    .replace("HTTPException(", "typeway.HTTPException("),
    "a name that is another one in the function": UNDOES.replace(
        "    try:", "    import typeway\n    HTTPException = typeway.HTTPException\n    try:"
    ),
    "asyncio is imported later in the function": dedent(SLEEP[0]).replace(
        '    return "awake"', "    import asyncio\n\n    return str(asyncio)"
    ),
    "asyncio is imported for types only": dedent(SLEEP[0])
    .replace("import time", "import time\nfrom typing import TYPE_CHECKING")
    .replace("app = ", "if TYPE_CHECKING:\n    import json as asyncio\napp = "),
    "clean-up with a function that is defined after the yield": cleanup(
        "yield session\ndef end() -> None: ...\nend.close()"
    ),
    "clean-up with what is imported after the yield": cleanup("yield session\nimport os\nos.close(0)"),
    "something else between the clean-up": cleanup("yield session\nsession.close()\nprint(1)\nsession.close()"),
    "None is allowed": HELPER.replace("seen: dict[str, int]", "seen: dict[str, int] | None"),
    "None may be meant": HELPER.replace("seen: dict[str, int]", "seen")
    .replace("    order.app", "    if seen is None:\n        return []\n    order.app")
    .replace("    pass\n    return tags", "    if seen is None:\n        return []\n    return tags"),
    "asyncio is something else": dedent(SLEEP[0]).replace("app = ", "asyncio = None\napp = "),
    "a commit after the clean-up": cleanup("yield session\nsession.close()\nsession.commit()"),
    "clean-up of what comes after the yield": cleanup("yield session\nother = session\nother.close()"),
    "clean-up that returns": cleanup("yield session\nsession.close()\nreturn"),
    "an update field by field": dedent(PATCH.format(call="vars(change)")),
    "two dumps on one line": dedent(PATCH.format(call="change.model_dump() | change.model_dump()")),
    "a text as annotation": dedent(DEFAULTS)
    .replace("seen: dict[str, int]", 'seen: "dict[str, int]"')
    .replace('tags.append("x")', "pass")
    .replace('order.append("x")', "pass"),
    "a body on the line of its head": dedent(DEFAULTS).split("def count")[0].replace('    tags.append("x")\n', "")
    + "def count(tags: list[str], seen: list[str] = []) -> None: seen.append('x')\n",
}


@pytest.mark.parametrize("name", UNSAFE)
def test_what_nobody_can_be_sure_of_is_left_alone(check: Check, tmp_path: Path, name: str) -> None:
    """A change that might do something else is left to people: the finding stays, without a diff."""
    outcome = check(UNSAFE[name], "--fix", **ENCODER)
    assert (tmp_path / "main.py").read_text() == UNSAFE[name]
    assert outcome.status == 1
    assert [finding["diff"] for finding in outcome.findings] == [""] * len(outcome.findings)


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_newlines_and_encoding_stay(check: Check, tmp_path: Path, newline: str, encoding: str) -> None:
    """A file is written as it was read, and edits land where they belong in lines with characters of several bytes."""
    source = f"# coding: {encoding.removesuffix('-sig')}\n" + dedent(SLEEP[0]).replace(
        "    time.sleep(1)", "    'é'; time.sleep(1)"
    )
    file = tmp_path / "other.py"
    file.write_bytes(source.replace("\n", newline).encode(encoding))
    assert check("from other import app\n", "--fix", form=None).status == 0
    fixed = replaced(source, {"import time": "import asyncio\nimport time", "time.sleep(1)": "await asyncio.sleep(1)"})
    assert file.read_bytes() == fixed.replace("\n", newline).encode(encoding)


def test_diff_shows_what_fix_does(check: Check, tmp_path: Path) -> None:
    """--diff changes nothing, and what it prints is a patch with which git does the same as --fix."""
    before, after = CASES["clean-up"]
    shown = check(before, "--diff", form=None)
    assert (shown.status, (tmp_path / "main.py").read_text()) == (1, before)
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    subprocess.run(["git", "apply", "-"], input=shown.out, text=True, check=True, cwd=tmp_path, timeout=60)
    assert (tmp_path / "main.py").read_text() == after


def test_what_is_left_is_reported_at_its_new_line(check: Check) -> None:
    """After a fix has added lines, the other findings are shown where they are now."""
    source = dedent(SLEEP[0]) + '\n\n@app.get("/")\ndef again() -> None: ...\n'
    before = check(source)
    after = check(source, "--fix")
    assert before.codes == ["TW001", "TW004"]
    assert after.codes == ["TW004"]
    assert [finding["line"] for finding in after.findings] == [int(str(before.findings[1]["line"])) + 1]


def test_a_full_disk_loses_nothing(check: Check, tmp_path: Path) -> None:
    """A file that cannot be written as a whole stays as it was, with its rights, and nothing is left beside it."""
    resource = pytest.importorskip("resource")
    source = dedent(SLEEP[0])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    check(source)
    (tmp_path / "main.py").chmod(0o640)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(source) + 1, before[1]))
    try:
        outcome = check(source, "--fix", form=None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (outcome.status, "cannot write" in outcome.err) == (2, True)
    assert (tmp_path / "main.py").read_text() == source
    assert (tmp_path / "main.py").stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} <= {"main.py", "__pycache__"}
