"""A pitfall and its mend; docs/check/TW014.md explains them."""
