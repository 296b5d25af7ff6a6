"""Door 1, HTTP: `/complaints/v1`. `bodies` and `schemas` travel; `letters`, `cases`, `commands`, `lookups` hold the routes.

Who may see what (each route's right stands in its signature, the rest is decided by the domain; whoever may not, gets the
404 of what is not there):

- a letter: its people with its text; screeners and the head of the unit that has it, with its text until it is classified;
  provincial inspectors. Which letter it is linked with, and why, is not shown to its people: that may be somebody else's.
- a case: its people; the officer it is assigned to; head, clerks and inspectors of its unit, of the unit asked to take it, and
  of the unit that settles the second complaint about it; provincial inspectors. What units write to each other is not shown to its people.
- names: the head of the accountable unit alone, for a purpose; each opening is a fact.
- anybody with receipt number and secret: where letter and cases stand, and what was written to the sender; they may supply
  what the letter waits for.
"""

from __future__ import annotations

from services.complaints.api import cases, commands, letters, lookups

routers = (letters.router, cases.router, commands.router, lookups.router)
