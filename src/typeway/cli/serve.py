"""Serve an application with uvicorn, after checking its address and its routes."""

import errno
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn

from typeway.application.routes import APIRoute, APIWebSocketRoute
from typeway.check.doubts import doubts
from typeway.cli.error import CommandError
from typeway.cli.framework import require_typeway
from typeway.cli.load import Loaded
from typeway.exceptions import DeclarationError

# What the user can do about an address that the operating system refuses.
_ADDRESS_ERRORS: Final[Mapping[int, str]] = {
    errno.EADDRINUSE: "port {port} on {host} is taken by another program; choose another with --port",
    errno.EACCES: "this user may not open port {port}; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "{host} is not an address of this machine; choose another with --host",
}

# The addresses for "every interface", on which a browser on this machine uses 127.0.0.1.
_ALL_INTERFACES: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104


@dataclass(frozen=True, slots=True, kw_only=True)
class UvicornOptions:
    """The options of the command line that are passed to uvicorn."""

    host: str
    port: int
    workers: int = 1
    reload: bool = False
    reload_dirs: tuple[str, ...] = ()
    root_path: str = ""
    proxy_headers: bool = True
    forwarded_allow_ips: str | None = None
    log_level: str | None = None
    access_log: bool = True


def serve(loaded: Loaded, options: UvicornOptions) -> None:
    """Serve an application until the process receives a signal to stop.

    Parameters:
        loaded: the application, or its factory.
        options: the address and the other options of the server.

    Raises:
        CommandError: the address cannot be used, the factory fails, or the application is not Typeway's.
        SystemExit: the start-up of the application failed; uvicorn has logged why.
    """
    check_address(options.host, options.port)
    in_other_processes = options.reload or options.workers > 1
    application = loaded.value if in_other_processes else loaded.application()
    require_typeway(application, loaded.import_string)
    print(_startup_line(loaded, application, options), file=sys.stderr)
    for problem in _route_warnings(application):
        print(f"Warning: {problem}", file=sys.stderr)
    uvicorn.run(
        loaded.import_string if in_other_processes else application,
        factory=in_other_processes and loaded.is_factory,
        host=options.host,
        port=options.port,
        workers=options.workers,
        reload=options.reload,
        reload_dirs=list(options.reload_dirs) or None,
        reload_excludes=_ignored_folders(options.reload_dirs) if options.reload else None,
        root_path=options.root_path,
        proxy_headers=options.proxy_headers,
        forwarded_allow_ips=options.forwarded_allow_ips,
        log_level=options.log_level,
        access_log=options.access_log,
    )


def _ignored_folders(watched: Sequence[str]) -> list[str]:
    """Return the hidden folders and virtual environments in the watched folders.

    Without this list uvicorn watches them too, so that installing a package would restart the server.
    """
    folders = [Path(folder).resolve() for folder in watched or (".",)]
    return [
        str(path)
        for folder in folders
        for path in folder.iterdir()
        if path.is_dir() and (path.name.startswith(".") or (path / "pyvenv.cfg").is_file())
    ]


def check_address(host: str, port: int) -> None:
    """Open the address once, before the application starts for nothing.

    Raises:
        CommandError: the address is in use, forbidden, or not one of this machine.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CommandError(f"{host!r} is not a host name or an address that this machine can resolve") from error
    errors = [_bind_error(family, address) for family, _, _, _, address in found]
    # A name may have an IPv6 address that this machine does not use; one address is enough to listen on.
    decisive = [error for error in errors if error and error.errno in {errno.EADDRINUSE, errno.EACCES}]
    failed = next(iter(decisive), None if None in errors else errors[0])
    if failed is not None:
        message = _ADDRESS_ERRORS.get(failed.errno or 0, "cannot listen on {host}, port {port}: {error}")
        raise CommandError(message.format(host=host, port=port, error=failed.strerror)) from failed


def _bind_error(family: int, address: Any) -> OSError | None:
    """Open one address for a moment; return the error if that fails."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            if os.name == "posix":
                # Uvicorn does the same: a port whose last connections are still closing is free.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trial.bind(address)
    except OSError as error:
        return error
    return None


def _route_warnings(application: Any) -> list[str]:
    """Return the errors in declarations that appear only after all modules are imported, and probable mistakes."""
    found = []
    for route in getattr(application, "routes", ()):
        if isinstance(route, (APIRoute, APIWebSocketRoute)):
            try:
                route.plans.ready({})
            except DeclarationError as error:
                found.append(f"{route.path} cannot be served. {error}")
            else:
                found += map(str, doubts(route))
    return found


def _startup_line(loaded: Loaded, application: Any, options: UvicornOptions) -> str:
    """Return the line that says what is served, and at which URL its documentation is."""
    docs = getattr(application, "docs_url", None) if getattr(application, "openapi_url", None) else None
    if not docs or not options.port:
        return f"Serving {loaded.import_string}"
    host = "127.0.0.1" if options.host in _ALL_INTERFACES else options.host
    host = f"[{host}]" if ":" in host else host
    return f"Serving {loaded.import_string}, documentation at http://{host}:{options.port}{docs}"
