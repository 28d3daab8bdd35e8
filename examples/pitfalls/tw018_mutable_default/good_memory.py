"""Good: the default is a memory for all calls, and its name with an underscore says that nobody passes it."""

from typeway import Typeway

app = Typeway()


def number_of_steps(start: int, _memory: dict[int, int] = {}) -> int:  # noqa: B006
    if start not in _memory:
        _memory[start] = 0 if start == 1 else 1 + number_of_steps(start // 2 if start % 2 == 0 else 3 * start + 1)
    return _memory[start]


@app.get("/numbers/{start}/steps")
async def read_steps(start: int) -> int:
    return number_of_steps(start)
