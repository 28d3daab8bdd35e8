"""A pitfall and its mend; docs/check/TW016.md explains them."""
