"""A pitfall and its mend; docs/check/TW019.md explains them."""
