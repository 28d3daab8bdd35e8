"""Tests of the book API, with both stores."""
