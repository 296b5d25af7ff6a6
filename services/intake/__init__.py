"""Intake: the one-stop shop.

Owns dossiers from the hand-in to the result, their codes, slips and lookup secrets, the people who filed them (vault),
and the reference data of the province: units, procedures, staff, calendar, office hours and added rules. Publishes `intake.dossiers`,
`intake.units`, `intake.procedures`, `intake.staff`, `intake.calendar`, `intake.contacts` (sealed) and `intake.letters` (what source
systems tell of letters they keep). Listens to source systems, to `complaints.cases` for what such a system hears back, and to its own
dossiers where the national portal is told of them (`GANDAN_PORTAL_URL`). The statutory clock of each dossier is the
law's (`shared/law`); this service says what happened and when.
"""
