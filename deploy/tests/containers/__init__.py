"""The system in containers, for real: needs a container engine with the compose plugin, and root to kill from outside."""
