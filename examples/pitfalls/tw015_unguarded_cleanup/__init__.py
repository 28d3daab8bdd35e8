"""A pitfall and its fix; docs/check/TW015.md explains them."""
