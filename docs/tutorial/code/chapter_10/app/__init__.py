"""An API for books."""
