"""A pitfall and its fix; docs/check/TW013.md explains them."""
