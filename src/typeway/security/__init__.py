"""Offer dependencies that read credentials and describe themselves in the document, safe cookies and safe redirects."""

from typeway.declare.depends import SecurityScopes as SecurityScopes
from typeway.security.api_key import APIKeyCookie as APIKeyCookie
from typeway.security.api_key import APIKeyHeader as APIKeyHeader
from typeway.security.api_key import APIKeyQuery as APIKeyQuery
from typeway.security.cookies import SecureCookie as SecureCookie
from typeway.security.http import HTTPAuthorizationCredentials as HTTPAuthorizationCredentials
from typeway.security.http import HTTPBasic as HTTPBasic
from typeway.security.http import HTTPBasicCredentials as HTTPBasicCredentials
from typeway.security.http import HTTPBearer as HTTPBearer
from typeway.security.http import HTTPDigest as HTTPDigest
from typeway.security.oauth2 import OAuth2 as OAuth2
from typeway.security.oauth2 import OAuth2AuthorizationCodeBearer as OAuth2AuthorizationCodeBearer
from typeway.security.oauth2 import OAuth2PasswordBearer as OAuth2PasswordBearer
from typeway.security.oauth2 import OAuth2PasswordRequestForm as OAuth2PasswordRequestForm
from typeway.security.oauth2 import OAuth2PasswordRequestFormStrict as OAuth2PasswordRequestFormStrict
from typeway.security.oauth2 import OpenIdConnect as OpenIdConnect
from typeway.security.redirects import is_safe_url as is_safe_url
from typeway.security.redirects import safe_redirect as safe_redirect
