"""The containers of `docker-compose.yml`: secrets, and what runs once."""
