"""Set cookies that scripts cannot read, that travel by HTTPS only, and that other sites' requests do not carry."""

from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureCookie:
    """How one cookie is set and deleted, said once; the defaults are those for a session (RFC 6265bis).

    Parameters:
        name: its name. Browsers accept a name with the prefix `__Host-` only from this host, which no other host below
            the same domain can set; then the path is "/" and there is no domain.
        max_age: for how many seconds browsers keep it; None until they are closed.
        path: below which path browsers send it.
        domain: to which hosts browsers send it: this one and all below it; None for this host only.
        secure: whether it travels by HTTPS only. Browsers take "http://localhost" for secure too, but Safari does not.
        httponly: whether scripts of pages cannot read it.
        samesite: "lax" keeps it from requests of other sites, but not from links to this one; "strict" from these too;
            "none" from nothing, and then it has to be secure.

    Raises:
        ValueError: browsers would refuse the cookie.

    Example:
        ```python
        SESSION = SecureCookie(name="__Host-session", max_age=3600)

        @app.post("/login")
        async def log_in(response: Response) -> None:
            SESSION.set(response, "the token")
        ```
    """

    name: str
    max_age: int | None = None
    path: str = "/"
    domain: str | None = None
    secure: bool = True
    httponly: bool = True
    samesite: Literal["lax", "strict", "none"] = "lax"

    def __post_init__(self) -> None:
        name = self.name.lower()  # browsers do not tell "__HOST-" from "__Host-"
        if name.startswith("__host-") and (self.domain is not None or self.path != "/" or not self.secure):
            raise ValueError(
                f'{self.name}: a cookie with the prefix __Host- is secure, has the path "/" and no domain.'
            )
        if name.startswith("__secure-") and not self.secure:
            raise ValueError(f"{self.name}: a cookie with the prefix __Secure- is secure.")
        if self.samesite not in ("lax", "strict", "none"):
            raise ValueError(f'{self.name}: samesite must be "lax", "strict" or "none", not {self.samesite!r}.')
        if self.samesite == "none" and not self.secure:
            raise ValueError(f'{self.name}: a cookie with samesite="none" is secure.')

    def set(self, response: Response, value: str) -> None:
        """Let a response set the cookie."""
        response.set_cookie(
            self.name,
            value,
            max_age=self.max_age,
            path=self.path,
            domain=self.domain,
            secure=self.secure,
            httponly=self.httponly,
            samesite=self.samesite,
        )

    def delete(self, response: Response) -> None:
        """Let a response delete the cookie: browsers do that only if its attributes are the same."""
        response.delete_cookie(
            self.name,
            path=self.path,
            domain=self.domain,
            secure=self.secure,
            httponly=self.httponly,
            samesite=self.samesite,
        )
