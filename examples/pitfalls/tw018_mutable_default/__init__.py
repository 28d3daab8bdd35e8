"""A pitfall and its mend; docs/check/TW018.md explains them."""
