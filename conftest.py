"""The fixtures of `shared.testing` serve every test of the repository."""

pytest_plugins = ["shared.testing.fixtures", "shared.testing.spans"]
