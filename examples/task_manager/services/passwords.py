"""Hash and verify passwords without blocking the event loop."""

import os
import secrets

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher


class Passwords:
    """Argon2id for passwords, in threads, and never more at the same time than there are processors.

    Every hash takes a processor and tens of megabytes for a while: without the limit a burst of logins would
    take all memory.
    """

    def __init__(self, time_cost: int, memory_kib: int) -> None:
        self._argon2 = PasswordHash((Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib),))
        self._limiter = CapacityLimiter(os.cpu_count() or 1)
        self._decoy = self._argon2.hash(secrets.token_hex())

    async def hash(self, password: str) -> str:
        """Return the text to store for a password."""
        return await to_thread.run_sync(self._argon2.hash, password, limiter=self._limiter)

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Return whether the password is right, and the hash to store instead if the costs have changed.

        Without a stored hash a password is hashed anyway, so that the time does not reveal whether a user exists.
        """
        matches, better = await to_thread.run_sync(
            self._argon2.verify_and_update, password, stored or self._decoy, limiter=self._limiter
        )
        return (matches, better) if stored is not None else (False, None)
