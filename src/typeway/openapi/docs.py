"""Offer the functions that write the documentation pages under FastAPI's path; the pages load the package's own files."""

from typeway.describe.pages import get_redoc_html as get_redoc_html
from typeway.describe.pages import get_swagger_ui_html as get_swagger_ui_html
from typeway.describe.pages import get_swagger_ui_oauth2_redirect_html as get_swagger_ui_oauth2_redirect_html
from typeway.describe.pages import swagger_ui_default_parameters as swagger_ui_default_parameters
