"""Put an application together: its routers, routes, index, lifespan and documentation."""
