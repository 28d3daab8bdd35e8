"""Certificates for tests of TLS: an authority that lives as long as a test, and what it signs."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NAME = "127.0.0.1"


@dataclass(frozen=True)
class Authority:
    """Signs certificates and keeps them in a folder."""

    folder: Path
    authority: Any

    def certificate(self, name: str = NAME, **options: Any) -> Path:
        """Return a file with a private key and the chain of its certificate; options are those of trustme."""
        issued = self.authority.issue_cert(name, **options)
        path = self.folder / f"{id(issued)}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path

    @property
    def certificate_of_its_own(self) -> Path:
        """What those who trust it need."""
        path = self.folder / f"{id(self.authority)}-authority.pem"
        self.authority.cert_pem.write_to_path(str(path))
        return path

    def for_server(self, **options: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate(**options))
        return context

    def for_client(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.authority.configure_trust(context)
        return context


def authority(folder: Path) -> Authority:
    """Make an authority; without the package trustme the test is skipped."""
    trustme = pytest.importorskip("trustme", reason="trustme, which makes certificates, is not installed")
    return Authority(folder, trustme.CA())
