"""Reporting: read models of what the other services state, and the pages made of them.

Owns: `dossier_line`, `letter_line`, `case_line`, `notice_line` (one row per thing), `deadline_line` (one per limit of a
letter or case), `timeline` and `case_timeline` (one per fact), `unit_day` (flows per unit, day, kind and channel),
`unit_line` and `procedure_line` (copies of reference data). They form one projection, `dossiers`: one consumer, one
transaction per batch, one version, so that figures and lists agree at every moment.
Listens to: `intake.dossiers`, `intake.units`, `intake.procedures`, `intake.calendar`, `complaints.cases`, `notifications.notices`.
Publishes nothing, asks no other service.
Rebuilds: `consumers.rebuild` makes the next version beside live traffic and swaps it in by one row.
Doors: `/reporting/v1` (`api`), the pages at `/` (`pages`), Kafka (`consumers`), the clock (`timers`).
"""
