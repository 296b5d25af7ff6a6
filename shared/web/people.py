"""People as they are written on a form, and the code and secret printed on their receipt."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from shared.store.vault import Details
from shared.web.fields import text


def _identity(value: str) -> str:
    digits = re.sub(r"[\s.\-]", "", value)
    if not re.fullmatch(r"[0-9]{9}|[0-9]{12}", digits):
        raise PydanticCustomError("identity-number", "an identity number has 9 or 12 digits")
    return digits


def _phone(value: str) -> str:
    digits = re.sub(r"[\s.\-()]", "", value)
    if not re.fullmatch(r"(\+84|84|0)[0-9]{9,10}", digits):
        raise PydanticCustomError("phone-number", "a phone number begins with 0 or +84")
    return "+84" + re.sub(r"^(\+84|84|0)", "", digits)


IdentityNumber = Annotated[str, AfterValidator(_identity)]
"""9 or 12 digits, however they are written."""
PhoneNumber = Annotated[str, AfterValidator(_phone)]
EmailAddress = Annotated[str, text(max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class PersonBody(BaseModel):
    """A person as written on the form."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, text(max_length=200)]
    identity_no: IdentityNumber | None = None
    phone: PhoneNumber | None = None
    email: EmailAddress | None = None
    address: Annotated[str, text(max_length=500)] | None = None

    def details(self) -> Details:
        """As the vault keeps it."""
        return Details(self.name, self.identity_no, self.phone, self.email, self.address)


class LookupBody(BaseModel):
    """Code and secret as printed on a slip or receipt."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, text(max_length=60)]
    secret: Annotated[str, text(max_length=20)]
