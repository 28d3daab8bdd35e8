"""Tests of the book API, on both stores."""
