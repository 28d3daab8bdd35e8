"""The time to find the route of a path does not grow with a power of its length."""

import time

import pytest

from tests.frameworks import client
from typeway import Request, Typeway

# A route, and a path that its regex refuses after trying every end of every parameter.
SLOW: dict[str, tuple[str, str]] = {
    "a date": ("/archive/{year}-{month}-{day}", "/archive/" + "-" * 8_000 + "/"),
    "a date that must have an end": ("/archive/{year}-{month}-{day}/x", "/archive/" + "-" * 8_000 + "/"),
    "names": ("/files/{name}.{kind}.{more}", "/files/" + "." * 8_000 + "/"),
    "paths": ("/p/{a:path}/x/{b:path}/y/{c:path}/z", "/p" + "/x/y" * 1_900),
    "slashes": ("/{a:path}/{b:path}/{c:path}/z", "/" + "x/" * 4_000),
    "adjacent": ("/{a}{b}{c}{d}-", "/" + "a" * 8_000),
    "a path and a name": ("/{a:path}/{b}-{c}-{d}", "/a" * 1_000 + "/" + "-" * 3_000 + "/"),
    "longer texts": ("/{a}ab{b}ab{c}ab{d}.", "/" + "ab" * 4_000),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_no_path_takes_long(name: str) -> None:
    """It matches no route: 404, after milliseconds instead of minutes."""
    template, path = SLOW[name]
    app = Typeway()
    app.get(template)(lambda: 1)
    begun = time.process_time()
    assert client(app).get(path).status_code == 404
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/archive/{year}-{month}-{day}", "/archive/2026-11-30", ["2026", "11", "30"]),
        ("/archive/{a}-{b}-{c}", "/archive/" + "x-" * 100 + "y", ["x-" * 98 + "x", "x", "y"]),
        ("/archive/{a:int}-{b:int}-{c:int}", "/archive/1-2-" + "3" * 300, [1, 2, int("3" * 300)]),
        ("/{a:path}...{b:path}", "/feature/x...main/" + "y/" * 1_000, ["feature/x", "main/" + "y/" * 1_000]),
        ("/{a:path}/raw/{b:path}", "/" + "a/" * 500 + "raw/b", ["a/" * 499 + "a", "b"]),
        ("/files/{name}.{kind}", "/files/" + "n" * 5_000 + ".tar.gz", ["n" * 5_000 + ".tar", "gz"]),
        ("/{a}/{b}-x/{c}", "/" + "-" * 3_000 + "/b-x/c", ["-" * 3_000, "b", "c"]),
    ],
    ids=range(7),
)  # fmt: skip
def test_honest_paths_are_matched(template: str, path: str, expected: list[str | int]) -> None:
    """Long values, and values that contain what separates parameters, are read as ever."""
    app = Typeway()

    @app.get(template)
    async def read(request: Request) -> list[str | int]:
        return list(request.path_params.values())

    assert client(app).get(path).json() == expected
