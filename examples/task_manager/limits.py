"""Limit how often somebody may try to log in, by policies of Typeway."""

from examples.task_manager.config import Settings
from typeway import Request
from typeway.policies import Policy, RateLimit, Store, by_address, by_principal

LOGINS = ["POST /auth/token", "POST /web/login"]
DOORS = [*LOGINS, "POST /auth/register", "POST /auth/refresh", "POST /web/register"]


async def account_and_address(request: Request) -> str:
    """Return who shall be logged in, and from where. With the name alone, anybody could lock a user out."""
    name = str((await request.form()).get("username", ""))
    return f"{name[:64].lower()} {by_address.of_connection(request)}"


def limits_of_logins(settings: Settings) -> list[Policy]:
    """Return the limits: of one account tried from one address, and of everything that one address tries.

    All tries count, right or wrong. Several processes count together if the settings name a Redis.
    """
    store = Store(settings.rate_limit_store, prefix="task_manager")
    return [
        RateLimit("10/minute; 60/hour", name="login", key=by_principal(account_and_address), only=LOGINS, store=store),
        # Behind one address there may be an office.
        RateLimit("60/minute", name="doors", only=DOORS, store=store),
    ]
