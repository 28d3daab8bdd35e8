"""A pitfall and its fix; docs/check/TW027.md explains them."""
