"""Describe an application: OpenAPI documents and the pages that show them."""
