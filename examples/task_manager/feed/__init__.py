"""Tell clients of changes while they listen, whichever worker they are connected to."""
