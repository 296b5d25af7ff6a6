"""The yardsticks: the least code that does the same outward thing, written to be fast; and the same thing done naively."""
