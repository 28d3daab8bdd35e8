"""A pitfall and its fix; docs/check/TW020.md explains them."""
