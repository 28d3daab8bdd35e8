"""Protect routes by policies: limits of rate and concurrency, time limits, idempotency keys, required authentication.

Example:
    ```python
    from typeway import Typeway
    from typeway.policies import RateLimit, Timeout

    app = Typeway(policies=[RateLimit("100/minute"), Timeout(30)])
    ```
"""

from typeway.declare.policy import Policy as Policy
from typeway.declare.policy import Target as Target
from typeway.policies.authentication import RequireAuthentication as RequireAuthentication
from typeway.policies.concurrency import Concurrency as Concurrency
from typeway.policies.idempotency import Idempotency as Idempotency
from typeway.policies.keys import Key as Key
from typeway.policies.keys import by_address as by_address
from typeway.policies.keys import by_credentials as by_credentials
from typeway.policies.keys import by_principal as by_principal
from typeway.policies.rate_limit import RateLimit as RateLimit
from typeway.policies.stores import Store as Store
from typeway.policies.timeout import Timeout as Timeout
