"""A pitfall and its mend; docs/check/TW001.md explains them."""
