"""Source systems from outside: the publisher package, the conformance kit, the guide and its clients, on a running installation."""
