"""A pitfall and its mend; docs/check/TW003.md explains them."""
