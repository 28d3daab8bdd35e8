"""Leave the plugins' tests to the environment that has the plugins: `make test-plugins`.

They have one of their own because a plugin may need other versions of what the rest of the tests need.
"""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("fastapi_users") else ["test_*.py"]
