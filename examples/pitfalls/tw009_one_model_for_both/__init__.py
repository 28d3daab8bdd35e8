"""A pitfall and its mend; docs/check/TW009.md explains them."""
