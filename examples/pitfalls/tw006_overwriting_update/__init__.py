"""A pitfall and its mend; docs/check/TW006.md explains them."""
