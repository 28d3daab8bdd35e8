"""A pitfall and its fix; docs/check/TW007.md explains them."""
