"""Bad: the list is in the class, so the problems of one text are in the answers to all others."""

from typing import Annotated

from typeway import Depends, Typeway

app = Typeway()


class Checker:
    problems: list[str] = []  # noqa: RUF012

    def run(self, text: str) -> None:
        if not text.endswith("."):
            self.problems.append("The text has no end.")


@app.get("/texts/{text}/problems")
def read_problems(text: str, checker: Annotated[Checker, Depends()]) -> list[str]:
    checker.run(text)
    return checker.problems
