"""Serve an application with uvicorn, after everything that can be checked beforehand has been checked."""

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
from typeway.cli.failure import Failure
from typeway.cli.load import Loaded
from typeway.cli.ours import refuse_foreign
from typeway.exceptions import DeclarationError

# What the operating system says about an address, and what the user can do about it.
_REFUSALS: Final[Mapping[int, str]] = {
    errno.EADDRINUSE: "port {port} on {host} is taken by another program; choose another with --port",
    errno.EACCES: "port {port} may not be opened by this user; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "{host} is not an address of this machine; choose another with --host",
}

# Where a server that listens everywhere is reached from this machine.
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How to serve: what the command line says, for uvicorn."""

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


def serve(loaded: Loaded, serving: Serving) -> None:
    """Serve until the process is told to stop.

    Parameters:
        loaded: the application, or its factory.
        serving: where and how.

    Raises:
        Failure: the address cannot be used, or the factory fails, or the application is not Typeway's.
        SystemExit: the application's start-up failed; uvicorn has said why.
    """
    check_address(serving.host, serving.port)
    in_other_processes = serving.reload or serving.workers > 1
    application = loaded.value if in_other_processes else loaded.application()
    refuse_foreign(application, loaded.import_string)
    print(_greeting(loaded, application, serving), file=sys.stderr)
    for problem in _doubtful(application):
        print(f"Warning: {problem}", file=sys.stderr)
    uvicorn.run(
        loaded.import_string if in_other_processes else application,
        factory=in_other_processes and loaded.is_factory,
        host=serving.host,
        port=serving.port,
        workers=serving.workers,
        reload=serving.reload,
        reload_dirs=list(serving.reload_dirs) or None,
        reload_excludes=_foreign_folders(serving.reload_dirs) if serving.reload else None,
        root_path=serving.root_path,
        proxy_headers=serving.proxy_headers,
        forwarded_allow_ips=serving.forwarded_allow_ips,
        log_level=serving.log_level,
        access_log=serving.access_log,
    )


def _foreign_folders(watched: Sequence[str]) -> list[str]:
    """Name the folders beside the application whose files are not its own: environments, and what is hidden.

    Uvicorn watches them too, so that an installation would restart the server and fill its log with file names.
    """
    folders = [Path(folder).resolve() for folder in watched or (".",)]
    return [
        str(path)
        for folder in folders
        for path in folder.iterdir()
        if path.is_dir() and (path.name.startswith(".") or (path / "pyvenv.cfg").is_file())
    ]


def check_address(host: str, port: int) -> None:
    """Try to open the address, before the application is started for nothing.

    Raises:
        Failure: it is taken, forbidden, or not of this machine.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise Failure(f"{host!r} is not a host name or an address that this machine knows") from error
    refusals = [_refusal(family, address) for family, _, _, _, address in found]
    # A name may stand for an IPv6 address that this machine does not use; one address is enough to listen on.
    decisive = [refusal for refusal in refusals if refusal and refusal.errno in {errno.EADDRINUSE, errno.EACCES}]
    refusal = next(iter(decisive), None if None in refusals else refusals[0])
    if refusal is not None:
        message = _REFUSALS.get(refusal.errno or 0, "cannot listen on {host}, port {port}: {error}")
        raise Failure(message.format(host=host, port=port, error=refusal.strerror)) from refusal


def _refusal(family: int, address: Any) -> OSError | None:
    """Open one address for a moment; return why that cannot be done."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            if os.name == "posix":
                # As uvicorn does it: a port whose last connections are still closing is free.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trial.bind(address)
    except OSError as error:
        return error
    return None


def _doubtful(application: Any) -> list[str]:
    """What is wrong with declarations that could only be judged once all modules were there, and what can hardly be meant."""
    found = []
    for route in getattr(application, "routes", ()):
        if isinstance(route, (APIRoute, APIWebSocketRoute)):
            try:
                route.target.ready({})
            except DeclarationError as error:
                found.append(f"{route.path} cannot be served. {error}")
            else:
                found += map(str, doubts(route))
    return found


def _greeting(loaded: Loaded, application: Any, serving: Serving) -> str:
    """Say what is served, and where its documentation is, if it says so itself."""
    docs = getattr(application, "docs_url", None) if getattr(application, "openapi_url", None) else None
    if not docs or not serving.port:
        return f"Serving {loaded.import_string}"
    host = "127.0.0.1" if serving.host in _EVERYWHERE else serving.host
    host = f"[{host}]" if ":" in host else host
    return f"Serving {loaded.import_string}, documentation at http://{host}:{serving.port}{docs}"
