"""A pitfall and its fix; docs/check/TW017.md explains them."""
