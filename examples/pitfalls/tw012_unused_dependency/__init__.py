"""A pitfall and its fix; docs/check/TW012.md explains them."""
