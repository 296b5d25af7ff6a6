"""Complaints: letters of citizens and the cases the law makes of them.

Owns submissions (what arrived, with receipt number and lookup secret, also anonymous; before they are split they may wait
for their sender, be linked with one that says the same, or be passed on to another unit), the cases they are split into
(complaints of first instance, feedback, petitions), the people in them (vault), and a copy of the units and procedures
intake publishes. Publishes `complaints.cases` and `complaints.contacts` (sealed). Listens to `intake.units`,
`intake.procedures` and `intake.calendar`. Texts never leave: facts carry ids, dates and closed classes. Limits are the law's (`shared/law`).

Denunciations, information requests and conduct reports are not taken here yet and are refused by name; the table that
will keep a denouncer's identity exists and is closed to everybody (row-level security without a policy).
"""
