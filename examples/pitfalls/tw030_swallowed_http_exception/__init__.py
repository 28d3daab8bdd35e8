"""A pitfall and its fix; docs/check/TW030.md explains them."""
