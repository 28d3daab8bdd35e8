"""A pitfall and its mend; docs/check/TW002.md explains them."""
