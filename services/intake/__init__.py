"""Intake: the one-stop shop.

Owns dossiers from the hand-in to the result, their codes, slips and lookup secrets, the people who filed them (vault),
and the reference data of the province: units, procedures, staff, calendar, office hours and added rules. Publishes `intake.dossiers`,
`intake.units`, `intake.procedures`, `intake.staff`, `intake.calendar`, and `intake.contacts` (sealed). Listens to source systems, and to its own
dossiers where the national portal is told of them (`GANDAN_PORTAL_URL`). The statutory clock of each dossier is the
law's (`shared/law`); this service says what happened and when.
"""
