"""The broker of `docker-compose.yml`."""
