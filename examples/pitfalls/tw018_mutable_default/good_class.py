"""Good: each object has a list of its own."""

from typing import Annotated

from typeway import Depends, Typeway

app = Typeway()


class Checker:
    def __init__(self) -> None:
        self.problems: list[str] = []

    def run(self, text: str) -> None:
        if not text.endswith("."):
            self.problems.append("The text has no end.")


@app.get("/texts/{text}/problems")
def read_problems(text: str, checker: Annotated[Checker, Depends()]) -> list[str]:
    checker.run(text)
    return checker.problems
