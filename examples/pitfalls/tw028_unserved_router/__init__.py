"""A pitfall and its fix; docs/check/TW028.md explains them."""
