"""Serve an application with uvicorn, after checking its address and its routes."""

import errno
import logging
import os
import socket
import ssl
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from typeway.cli.error import CommandError
from typeway.cli.framework import require_typeway
from typeway.cli.load import Loaded
from typeway.cli.logs import JSON_LOGS, TEXT_LOGS
from typeway.cli.options import DevOptions, HTTPClass, LogFormat, RunOptions
from typeway.cli.warn import ALL_INTERFACES, documentation_of, proxy_warnings, route_warnings
from typeway.protocol import HTTPProtocol, HTTPSettings, server
from typeway.protocol.workers import Workers

logger: Final = logging.getLogger("uvicorn.error")

# What the user can do about an address that the operating system refuses.
_ADDRESS_ERRORS: Final[Mapping[int, str]] = {
    errno.EADDRINUSE: "port {port} on {host} is taken by another program; choose another with --port",
    errno.EACCES: "this user may not open port {port}; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "{host} is not an address of this machine; choose another with --host",
}

# The options of `run` that the server has under the same names.
PASSED_ON: Final = (
    "access_log", "backlog", "drain_delay", "forwarded_allow_ips", "limit_concurrency", "proxy_headers", "ssl_ca_certs", "ssl_certfile",
    "ssl_keyfile", "ssl_keyfile_password", "ws_max_size",
)  # fmt: skip

# Modules that every worker needs.
PRELOADED: Final = ("__main__", "uvicorn.logging", "typeway.application.app", "typeway.protocol.workers")


def serve(loaded: Loaded, options: RunOptions) -> None:
    """Serve an application until the process receives a signal to stop.

    Parameters:
        loaded: the application, or its factory.
        options: the address and the other options of the server.

    Raises:
        CommandError: the address or the certificate cannot be used, the factory fails, or the application is not
            Typeway's.
        SystemExit: the server has stopped, with its exit status.
    """
    if options.uds is None and options.fd is None:
        check_address(options.host, options.port)
    check_certificate(options)
    in_other_processes = options.workers > 1
    application = loaded.value if in_other_processes else loaded.application()
    require_typeway(application, loaded.import_string)
    config = _config(
        loaded.import_string if in_other_processes else application,
        options,
        factory=in_other_processes and loaded.is_factory,
    )
    _greet(loaded, application, options)
    listener = config.bind_socket()
    try:
        if in_other_processes:
            os.environ["WEB_CONCURRENCY"] = str(options.workers)  # policies in memory are then of each process its own
            sys.exit(Workers(config, [listener], options.workers, PRELOADED).run())
        sys.exit(server.serve(config, [listener]))
    finally:
        if options.uds is not None:
            options.uds.unlink(missing_ok=True)


def _greet(loaded: Loaded, application: Any, options: RunOptions) -> None:
    """Say what is served, and what is wrong with its routes, in the format of the log."""
    line = _startup_line(loaded, application, options)
    trusted = options.forwarded_allow_ips if options.proxy_headers else None
    problems = [*route_warnings(application), *proxy_warnings(application, trusted)]
    if options.log_format is LogFormat.JSON:
        logger.info(line)
        for problem in problems:
            logger.warning(problem)
    else:
        print("\n".join([line, *(f"Warning: {problem}" for problem in problems)]), file=sys.stderr)


def _config(app: Any, options: RunOptions, *, factory: bool) -> server.Config:
    """Return the configuration of the server."""
    names = {entry.name for entry in fields(HTTPSettings)} & {entry.name for entry in fields(RunOptions)}
    settings = HTTPSettings(
        **{name: getattr(options, name) for name in names},
        origins=None if options.ws_origin is None else frozenset(options.ws_origin),
    )
    return server.Config(
        app,
        factory=factory,
        workers=options.workers,
        http_settings=settings,
        timeout_keep_alive=options.keep_alive,
        timeout_graceful_shutdown=options.graceful_timeout,
        limit_max_requests=options.max_requests,
        limit_max_requests_jitter=options.max_requests_jitter,
        ssl_cert_reqs=ssl.CERT_NONE if options.ssl_ca_certs is None else ssl.CERT_REQUIRED,
        log_config=_log_config(options),
        **common_settings(options),
        **{name: getattr(options, name) for name in PASSED_ON},
    )


def common_settings(options: RunOptions | DevOptions) -> dict[str, Any]:
    """Return the settings of the server that `run` and `dev` have in common."""
    return {
        "http": HTTPProtocol if options.http is HTTPClass.TYPEWAY else "auto",
        "host": options.host,
        "port": options.port,
        "uds": None if options.uds is None else str(options.uds),
        "fd": options.fd,
        "root_path": options.root_path,
        "log_level": options.log_level.value,
        "server_header": False,
    }


def _log_config(options: RunOptions) -> Any:
    """Return the configuration of the logs: a file of the user's, or lines of text or JSON."""
    if options.log_config is not None:
        return str(options.log_config)
    return JSON_LOGS if options.log_format is LogFormat.JSON else TEXT_LOGS


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


def check_certificate(options: RunOptions) -> None:
    """Read the files of TLS once, before the application starts for nothing.

    Raises:
        CommandError: a file is missing, cannot be read, or does not belong to the others.
    """
    if options.ssl_certfile is None:
        if options.ssl_keyfile is not None or options.ssl_ca_certs is not None:
            raise CommandError("TLS needs a certificate; name its file with --ssl-certfile")
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password OpenSSL would ask for one on the terminal, and a service would wait for ever.
        password = options.ssl_keyfile_password or ""
        context.load_cert_chain(options.ssl_certfile, options.ssl_keyfile, lambda: password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        key = options.ssl_keyfile or options.ssl_certfile
        raise CommandError(
            f"the certificate in {options.ssl_certfile} cannot be used with the private key in {key}"
            f" ({error_text(error)}); --ssl-certfile, --ssl-keyfile and --ssl-keyfile-password belong together"
        ) from error
    try:
        context.load_verify_locations(options.ssl_ca_certs or options.ssl_certfile)
    except OSError as error:
        raise CommandError(
            f"--ssl-ca-certs {options.ssl_ca_certs} has no certificates ({error_text(error)})"
        ) from error


def error_text(error: Exception) -> str:
    """Return what OpenSSL or the operating system says, without the place in OpenSSL's source."""
    reason = error.reason if isinstance(error, ssl.SSLError) else getattr(error, "strerror", None)
    return str(reason or error).replace("_", " ").lower()


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


def _startup_line(loaded: Loaded, application: Any, options: RunOptions) -> str:
    """Return the line that says what is served, and at which URL its documentation is, where that is known."""
    docs = documentation_of(application)
    if not docs or not options.port or options.uds is not None or options.fd is not None:
        return f"Serving {loaded.import_string}"
    host = "127.0.0.1" if options.host in ALL_INTERFACES else options.host
    host = f"[{host}]" if ":" in host else host
    scheme = "http" if options.ssl_certfile is None else "https"
    return f"Serving {loaded.import_string}, documentation at {scheme}://{host}:{options.port}{docs}"
