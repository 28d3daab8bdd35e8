"""Answer a request that is sent again as it was answered first, by the key that its client gives it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from anyio import CancelScope

from typeway.declare.depends import Depends
from typeway.declare.policy import Policy, Refusal
from typeway.exceptions import HTTPException
from typeway.policies.answers import ANSWERS, Answers
from typeway.policies.keys import Key, by_credentials, key_of
from typeway.policies.stores import OnStoreFailure, Store, store_of
from typeway.types import Message, Scope

logger: Final = logging.getLogger("typeway")

HEADER: Final = "Idempotency-Key"

# The methods that may have the policy; the first two are not idempotent by themselves (RFC 9110 section 9.2.2).
WRITES: Final = ("POST", "PATCH", "PUT", "DELETE")

# A string of structured fields (RFC 9651 section 3.3.3), or the same without quotes, as many clients send it.
VALUE: Final = re.compile(r'"([ !#-\[\]-~]{1,255})"|([!#-+\--~]{1,255})')

# They belong to one connection or moment, and Set-Cookie to one client.
NOT_KEPT: Final = frozenset({b"set-cookie", b"date", b"server", b"connection", b"keep-alive", b"transfer-encoding"})
REPLAYED: Final = (b"idempotent-replayed", b"true")

RETRY: Final = {"Retry-After": "When to try again, in seconds"}


@dataclass(frozen=True, eq=False)
class Idempotency(Policy):
    """Carry a request out once, however often it is sent with the same Idempotency-Key, and repeat its answer.

    It follows draft-ietf-httpapi-idempotency-key-header-07: 400 for a key that is missing or malformed, 409 while the
    first request with the key is in progress, 422 for a key that was used for another request: another method, path,
    query or body. It applies to POST and PATCH.

    Answers are kept per key and principal. Only whole answers to requests that have reached the endpoint are kept, and
    no 5xx; cookies are not. What did not end so may be sent again with the same key. Of an answer above `max_size` it is
    kept only that it was given, and sending the request again is answered with 409.

    The body of a request is read into memory first: `max_body_size` limits it.

    Parameters:
        store: where answers are kept: None for the memory of each process, a URL of Redis, or of a database.
        principal: whose key it is; the credentials for the route's security schemes unless given.
        required: whether a request without a key is refused.
        methods: the methods to which it applies: POST and PATCH, unless PUT and DELETE are among them.
        ttl: how long answers are kept, in seconds; a day unless given.
        lease: after how many seconds without an end a request counts as failed, because its process has died. No
            request may take longer.
        max_size: the size of the largest body of an answer that is kept, in bytes.
        on_store_failure: what happens to requests if the store fails: `"refuse"` them with 503, or `"allow"` them, which
            then may be carried out twice.

    Raises:
        DeclarationError: a number is not positive, or the store cannot be used.

    Example:
        ```python
        @app.post("/payments", policies=[Idempotency(store="redis://localhost:6379/0")])
        async def pay(payment: Payment) -> Receipt: ...
        ```
    """

    store: Store | str | None = None
    principal: Key | Callable[[Any], Any] | None = None
    required: bool = True
    methods: Sequence[str] = WRITES[:2]
    ttl: float = 86_400
    lease: float = 300
    max_size: int = 1_048_576
    on_store_failure: OnStoreFailure = "refuse"
    place: Store = field(init=False, repr=False)
    client: Key = field(init=False, repr=False)
    answers: Answers = field(init=False, repr=False)

    def verify(self) -> None:
        for name in ("ttl", "lease", "max_size"):
            value: Any = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 < value < float("inf"):
                raise self.refused(f"{name} must be a positive number, not {value!r}.", "Leave it out for the default.")
        if self.on_store_failure not in ("refuse", "allow"):
            problem = f"on_store_failure must be 'refuse' or 'allow', not {self.on_store_failure!r}."
            raise self.refused(problem, 'Leave it out for "refuse".')
        if isinstance(self.methods, str) or not self.methods or not set(self.methods) <= set(WRITES):
            problem = f"methods must be a list of {', '.join(WRITES)}, not {self.methods!r}."
            raise self.refused(problem, 'Write methods=["POST", "PUT"].')
        client = key_of(self.principal, by_credentials)
        if client is None:
            problem = f"principal must be a Key or a function, not {self.principal!r}."
            raise self.refused(problem, "Write principal=by_principal(current_user).")
        place = store_of(self.store, self.where)
        self.set_computed(place=place, client=client, answers=ANSWERS[place.kind](place))

    @property
    def key_dependency(self) -> Depends | None:
        return self.client.depends

    @property
    def needs_plan(self) -> bool:
        return True

    @property
    def summary(self) -> str:
        return f"Idempotency({self.place.kind})"

    def unfit(self, methods: frozenset[str] | None) -> str | None:
        if methods is None or methods & set(self.methods):
            return None
        if not methods:
            return "a WebSocket has no answer to repeat"
        return f"it is for {', '.join(self.methods)}, and not for {', '.join(sorted(methods))}"

    def refusals(self) -> Sequence[Refusal]:
        found = [
            Refusal(400, f"The {HEADER} is {'missing or ' if self.required else ''}malformed"),
            Refusal(409, f"A request with the same {HEADER} is in progress, or its answer cannot be repeated", RETRY),
            Refusal(422, f"The {HEADER} was used for another request"),
        ]
        if self.place.kind != "memory" and self.on_store_failure == "refuse":
            found.append(Refusal(503, "The key cannot be checked", RETRY))
        return found

    def parameters(self) -> Sequence[dict[str, Any]]:
        text = "Names this operation: a new UUID for each, and the same where the request is sent again"
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        return [{"name": HEADER, "in": "header", "required": self.required, "description": text, "schema": schema}]

    def response_headers(self) -> Mapping[str, str]:
        return {"Idempotent-Replayed": '"true", if the answer repeats that to an earlier request with the same key'}

    def read_key(self, scope: Scope) -> str | None:
        """Return the key of a request; None if it needs none.

        Raises:
            HTTPException: 400, it is missing or malformed, or there are several.
        """
        if scope["method"] not in self.methods:
            return None
        given = [value for name, value in scope["headers"] if name == b"idempotency-key"]
        if not given:
            if self.required:
                raise HTTPException(400, f"This request needs the header {HEADER}: a new UUID for each operation.")
            return None
        found = VALUE.fullmatch(given[0].decode("latin-1")) if len(given) == 1 else None
        if found is None:
            raise HTTPException(400, f"The header {HEADER} must be one string of 1 to 255 ASCII characters.")
        return found[1] or found[2]

    async def begin(self, scope: Scope, key: str, principal: str, body: bytes) -> Attempt | Answer | None:
        """Begin a request, or return the answer that an equal one got; None if the store fails and requests are allowed.

        Raises:
            HTTPException: 409, an equal request is in progress; 422, the key is another request's; 503.
        """
        place = f"{scope['method']} {scope.get('root_path', '')} {scope['path']}?"
        content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        request = (place.encode("utf-8", "surrogatepass"), scope.get("query_string", b""), content_type, body)
        attempt = Attempt(self, digest(principal.encode(), key.encode()), digest(*request), uuid4().hex)
        try:
            known = await self.answers.begin(attempt.key, attempt.fingerprint, attempt.token, self.lease)
        except self.place.failures as error:
            self.place.failed(error, self.summary, self.on_store_failure)
            return None
        if known is None:
            return attempt
        if known.fingerprint != attempt.fingerprint:
            raise HTTPException(422, f"This {HEADER} was used for another request.")
        if known.answer is None:
            detail = f"A request with this {HEADER} is in progress."
            raise HTTPException(409, detail, {"Retry-After": "1"})
        status, headers, text = json.loads(known.answer)
        if text is None:
            detail = f"A request with this {HEADER} has been answered with {status}; the answer is too large to repeat."
            raise HTTPException(409, detail)
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return Answer(status, [*pairs, REPLAYED], text.encode("latin-1"))


def digest(*parts: bytes) -> str:
    """Return a digest of several texts that no other texts have."""
    found = sha256()
    for part in parts:
        found.update(b"%d:" % len(part))
        found.update(part)
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was given before."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Attempt:
    """A request with a key, while it is carried out: it collects its answer.

    Attributes:
        has_reached: whether the endpoint has begun, so that the answer is its own.
        is_settled: whether the store knows how it has ended.
    """

    def __init__(self, policy: Idempotency, key: str, fingerprint: str, token: str) -> None:
        self.policy = policy
        self.key = key
        self.fingerprint = fingerprint
        self.token = token
        self.has_reached = False
        self.is_settled: bool = False
        self.status: int = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.size: int = 0
        self.is_whole: bool = True  # whether the chunks are all that has been sent of the body

    async def collect(self, message: Message) -> None:
        """Take one message of the response; with the last, keep the answer before the client has it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(name.lower(), value) for name, value in message.get("headers", ())]
            return
        if message["type"] == "http.response.body":
            chunk = bytes(message.get("body", b""))
            self.size += len(chunk)
            if self.size > self.policy.max_size:
                self.is_whole, self.chunks = False, []
            else:
                self.chunks.append(chunk)
            is_last = not message.get("more_body", False)
        else:
            # The server sends a file by itself.
            is_last = message["type"] == "http.response.pathsend"
            self.is_whole = self.is_whole and not is_last
        if is_last and self.has_reached and self.status < 500:
            await self.keep()

    async def keep(self) -> None:
        kept = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers if name not in NOT_KEPT
        ]
        body = b"".join(self.chunks).decode("latin-1") if self.is_whole else None
        self.is_settled = True
        policy, answer = self.policy, json.dumps([self.status, kept, body])
        # What has been carried out is to be known, also if the client leaves now or the time is over.
        with CancelScope(shield=True):
            try:
                if not await policy.answers.finish(self.key, self.fingerprint, self.token, answer, policy.ttl):
                    logger.warning("%s: a request took longer than its lease of %g s", policy.summary, policy.lease)
            except policy.place.failures as error:
                logger.error("%s: an answer was not kept (%s)", policy.summary, type(error).__name__)  # noqa: TRY400

    async def end(self) -> None:
        """Release the key, unless the answer is kept; if that fails, the lease ends it."""
        if self.is_settled:
            return
        policy = self.policy
        with CancelScope(shield=True):
            try:
                await policy.answers.release(self.key, self.fingerprint, self.token)
            except policy.place.failures as error:
                logger.error("%s: a key was not released (%s)", policy.summary, type(error).__name__)  # noqa: TRY400
