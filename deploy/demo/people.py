"""Invented people and officers, each by a number."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

MANY: Final = 600
"""People from this number on have no e-mail address: composing two months of letters takes longer than the day."""


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen nobody is: as valid in form as a real one, and impossible."""

    name: str
    identity_no: str
    phone: str
    email: str | None
    address: str

    def body(self) -> dict[str, Any]:
        """As a form names them."""
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}


def person(number: int) -> Person:
    """The invented person with this number; some have an e-mail address, nobody of the weeks before the day has."""
    data = read("people.toml")
    names, sex = data["names"][number % 2], number % 2
    words = (data["surnames"], names["middle"], names["given"])
    strides = (1, len(data["surnames"]), len(data["surnames"]) * len(names["middle"]))
    name = " ".join(each[number // stride % len(each)] for each, stride in zip(words, strides, strict=True))
    streets = data["addresses"]["streets"]
    return Person(
        name, f"099{sex}{60 + number % 40:02d}{number:06d}", f"010{number:07d}", f"dan{number}@thu.example" if number % 2 and number < MANY else None,
        f"{number + 1} {streets[number % len(streets)]}",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Who:
    """Who does something: an officer of a unit in a role, a citizen, or nobody who signed in."""

    role: str
    unit: str = ""
    subject: str | None = None
    person: str | None = None


NOBODY = Who("nobody")


def citizen(number: int) -> Who:
    """The invented person, signed in."""
    return Who("citizen", person=person(number).identity_no)


def officer(role: str, unit: str, number: int = 0) -> Who:
    """An officer: handlers are several, of the other roles there is one."""
    return Who(role, unit, handler(unit, number) if role == "handler" else f"{role}-{unit}")


def handler(unit: str, number: int) -> str:
    """The directory id of a handler of a unit; there are three."""
    return f"cb-{unit}-{number % 3 + 1}"


@cache
def read(name: str) -> dict[str, Any]:
    """A file of the sample's data."""
    return tomllib.loads(files("deploy.demo.data").joinpath(name).read_text(encoding="utf-8"))
