"""Serve a `Host` of an included router below the prefix of its inclusion."""

from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import Host, Match, Mount, NoMatchFound, replace_params
from starlette.types import Scope


class PlacedHost(Host):
    """A Host that answers below a path only; the application inside sees the rest of the path, as in a Mount."""

    def __init__(self, host: Host, prefix: str) -> None:
        super().__init__(host.host, host.app, host.name)
        self.place: Mount = Mount(prefix, app=host.app)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return a match if both the name of the host and the beginning of the path match."""
        match, found = super().matches(scope)
        return (match, found) if match is Match.NONE else self.place.matches({**scope, **found})

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Return the URL path, and the host, of a route inside.

        Raises:
            NoMatchFound: no route has this name and these parameters.
        """
        pattern = self.place.path_format.removesuffix("/{path}")
        prefix, rest = replace_params(pattern, self.place.param_convertors, dict(path_params))
        if "{" in prefix:
            raise NoMatchFound(name, path_params)
        inside: Any = super().url_path_for(name, **rest)
        return URLPath(prefix + inside, protocol=inside.protocol, host=inside.host)
