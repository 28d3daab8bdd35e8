"""A pitfall and its fix; docs/check/TW014.md explains them."""
