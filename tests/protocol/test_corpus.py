"""Requests at the border of what is allowed are answered as the RFCs demand, however their bytes are split."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.protocol.connect import (
    LAST,
    LAST_BODY,
    Plain,
    Server,
    answers,
    connected,
    read_all,
    run,
    typeway_application,
)
from tests.protocol.corpus import CASES, SETTINGS, Case
from typeway.protocol import HTTPProtocol

# Above this many bytes, not every position of a split is tried.
SHORT = 400
SPLITS_OF_LONG = 12


def plain() -> tuple[Any, Plain]:
    app = Plain()
    return app, app


KINDS = {"plain": plain, "typeway": typeway_application}


def check(case: Case, kind: str, raw: bytes, application: Plain) -> None:
    """Compare what a server has answered with what it must."""
    methods = ["HEAD"] if case.sent.startswith(b"HEAD") else []
    got = answers(raw, methods)
    kept = bool(got) and got[-1].body in (LAST_BODY, b'"%b"' % LAST_BODY)
    statuses = tuple(answer.status for answer in got[: -1 if kept else None] if answer.status != 100)
    expected = case.on_typeway if kind == "typeway" and case.on_typeway else case.statuses
    assert (statuses, kept) == (expected, case.kept), raw[:500]
    if statuses[-1] >= 400 and not kept:
        assert got[-1].headers["content-type"] == "application/json"
        assert got[-1].headers["connection"] == "close"
    if expected is not case.statuses:
        return
    assert len(application.seen) == len(case.seen)
    for record, seen in zip(application.seen, case.seen, strict=True):
        assert (record.method, record.path, record.query, record.body) == (
            seen.method,
            seen.path,
            seen.query,
            seen.body,
        )
        if seen.headers is not None:
            assert record.headers == seen.headers


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers_as_demanded(case: Case, kind: str) -> None:
    """Every request of the corpus, over loopback, has the required statuses, and the application sees what it should."""
    app, application = KINDS[kind]()
    server = Server(app, HTTPProtocol.with_settings(SETTINGS))

    async def ask() -> bytes:
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(case.sent)
            received = b""
            # The last request comes by itself, so that it is not taken for a part of the case.
            while not received and (received := await reader.read(65_536)):
                pass
            writer.write(LAST)
            return received + await read_all(reader)

    check(case, kind, run(ask()), application)


def splits(case: Case) -> Iterator[list[bytes]]:
    """Ways to split the bytes of a case."""
    sent = case.sent
    if len(sent) <= SHORT:
        for position in range(1, len(sent)):
            yield [sent[:position], sent[position:]]
        yield [sent[index : index + 1] for index in range(len(sent))]
    for _ in range(SPLITS_OF_LONG):
        positions = sorted(random.sample(range(1, len(sent)), min(len(sent) - 1, random.randint(1, 20))))
        yield [sent[start:end] for start, end in zip([0, *positions], [*positions, len(sent)], strict=True)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers_alike_however_the_bytes_are_split(case: Case, kind: str) -> None:
    """Wherever the bytes of a request are split, the outcome is the same."""
    app, application = KINDS[kind]()
    server = Server(app, HTTPProtocol.with_settings(SETTINGS))

    async def ask() -> None:
        for pieces in splits(case):
            application.seen.clear()
            raw = await server.converse(pieces)
            try:
                check(case, kind, raw, application)
            except AssertionError as error:
                raise AssertionError(f"split as {[len(piece) for piece in pieces]}") from error

    asyncio.run(ask())
