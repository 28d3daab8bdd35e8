"""What an application says about itself: OpenAPI documents and the pages that show them."""
