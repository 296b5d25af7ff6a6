"""`gandan import KIND FILE`: rows of a JSON, JSON-lines or XLSX file become reference data or dossiers, told line by line.

`rows` reads the file, `lines` applies rows and reports, `command` is what a person types. How a kind is added: a module
here with a `KIND = Kind(Row, apply)`, and a line in `command.KINDS`.
- `Row` is a pydantic model (`extra="forbid"`); its fields are the columns, those without a default must be there.
- `apply` takes the installation, the rows in good shape and how to do it, and returns their outcomes. Nearly always it is
  `lines.each(line)`, where `line(bench, row)` does one row within a transaction and says "created", "changed" or
  "same", or raises a `Refused`: the row is then taken back alone, and its reason is in the report.
"""
