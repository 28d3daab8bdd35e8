"""Secrets that an answer shows because the request has just made them."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

HEAD = """
import secrets, uuid
from pydantic import BaseModel
from typeway import Typeway
app = Typeway()
kept = {}
class Claim(BaseModel):
    name: str
    token: str
def fresh() -> str: return secrets.token_urlsafe(16)
def find(name: str) -> str: return kept[name]
def made(name: str) -> Claim: return Claim(name=name, token=fresh())
@app.METHOD("/robots/{name}")
def claim(name: str) -> Claim:
"""
MADE = {
    "in its own name": ("put", "token = secrets.token_hex(16)\n    return Claim(name=name, token=token)", []),
    "at once": ("get", "return Claim(name=name, token=secrets.token_urlsafe())", []),
    "an id": ("put", "return Claim(name=name, token=str(uuid.uuid4()))", []),
    "in a dict": ("patch", "return {'name': name, 'token': secrets.token_hex(16)}", []),
    "by an own function": ("patch", "token = fresh()\n    return Claim(name=name, token=token)", []),
    "with the answer": ("put", "return made(name)", []),
    "by a POST": ("post", "return Claim(name=name, token=find(name))", []),
    "kept": ("get", "return Claim(name=name, token=kept[name])", ["TW008"]),
    "found": ("put", "token = find(name)\n    return Claim(name=name, token=token)", ["TW008"]),
    "something else is made": ("put", "kept['id'] = uuid.uuid4()\n    return Claim(name=name, token=find(name))", ["TW008"]),
    "made where there was none": (
        "get", "if name not in kept: kept[name] = fresh()\n    return Claim(name=name, token=kept[name])", ["TW008"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("method", "body", "codes"), MADE.values(), ids=MADE)
def test_a_secret_that_is_made_now_is_to_be_shown(check: Check, method: str, body: str, codes: list[str]) -> None:
    """TW008: it is handed out this once, by whatever method."""
    source = HEAD.replace("METHOD", method) + f"    {body}\n"
    assert check(source, "--select", "TW008").codes == codes
    hashed = (
        source.replace("token: str", "password: str").replace("token=", "password=").replace("'token'", "'password'")
    )
    assert check(hashed, "--select", "TW008").codes == ["TW008"]
