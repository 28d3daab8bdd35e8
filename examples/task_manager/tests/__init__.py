"""Test the Task Manager over HTTP, and its services without HTTP."""
