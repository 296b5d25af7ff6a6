-- What acts changed of the law: one record of each year, unit and rule, as intake.calendar says it. Never edited: a later change is a new file.
CREATE TABLE law_record (
    key text PRIMARY KEY,
    record jsonb NOT NULL
);
