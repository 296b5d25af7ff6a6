"""What stands on printed papers."""

from __future__ import annotations

import io
import re
from typing import Any

from pypdf import PdfReader


def pages(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def words(pdf: bytes) -> str:
    """The text of all pages in one line, a row of dots as `…`."""
    return re.sub(r"(\. ){5,}\.?", "… ", " ".join(" ".join(pages(pdf)).replace("\u200b", "").split())).strip()


def standard(pdf: bytes) -> str:
    """Which PDF/A it says it is: `2B`; every font must be in the file."""
    reader = PdfReader(io.BytesIO(pdf))
    root: Any = reader.root_object
    metadata = root["/Metadata"].get_data().decode()
    said = "".join(re.findall(r"<pdfaid:(?:part|conformance)>(\w)<", metadata))
    for page in reader.pages:
        resources: Any = page["/Resources"]
        assert all("+" in str(font.get_object()["/BaseFont"]) for font in resources["/Font"].values())
    return said
