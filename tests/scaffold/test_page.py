"""The page about new projects says what the commands do."""

import re
from pathlib import Path

from typeway.scaffold.choices import Auth, Database
from typeway.scaffold.fields import KINDS
from typeway.scaffold.make import describe_project
from typeway.scaffold.render import render

PAGE = (Path(__file__).parents[2] / "docs" / "new-project.md").read_text(encoding="utf-8")


def shown_paths() -> set[str]:
    """Read the tree of the page: the paths of all files in it."""
    [tree] = re.findall(r"```text\ndemo\n(.*?)```", PAGE, re.DOTALL)
    folders: list[str] = []
    found: set[str] = set()
    for line in tree.splitlines():
        entry = re.fullmatch(r"([│ ]*)[├└]── (\S+).*", line)
        assert entry is not None, line
        depth = len(entry[1]) // 4
        folders[depth:] = [entry[2]]
        found.add("/".join(folders))
    return {path for path in found if not any(other.startswith(f"{path}/") for other in found)}


def test_the_tree_is_that_of_a_project_with_all_defaults() -> None:
    """Each file of the project is in the tree, and no other one."""
    resource = re.findall(r"`(item name:str[^`]*)`", PAGE)[0]
    project = describe_project("demo", Database.SQLITE, Auth.JWT, resource.split())
    assert shown_paths() == {*render(project), ".typeway"}


def test_all_answers_and_types_are_explained() -> None:
    """Each database, each authentication and each type of a field has a row of a table."""
    for word in (*Database, *Auth, *KINDS):
        assert re.search(rf"^\| `{word}`", PAGE, re.MULTILINE), word
