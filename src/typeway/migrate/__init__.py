"""Tell what a project that is written for FastAPI will find different on Typeway, before anything is changed."""
