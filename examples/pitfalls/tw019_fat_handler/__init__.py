"""A pitfall and its fix; docs/check/TW019.md explains them."""
