"""A pitfall and its mend; docs/check/TW005.md explains them."""
