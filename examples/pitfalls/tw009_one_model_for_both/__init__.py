"""A pitfall and its fix; docs/check/TW009.md explains them."""
