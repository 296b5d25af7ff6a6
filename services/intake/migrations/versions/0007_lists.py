"""Lists in the order of due dates, and search: codes without signs, folded words, owners."""

from alembic import op

revision = "0007"
down_revision = "0006"

FOLDED = (
    "translate(lower(normalize(code || ' ' || coalesce(summary, '') || ' ' || jsonb_path_query_array(corrections, '$[*].value')::text, NFD)), "
    "'đĐ/.-_@,;\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b', 'dd       ')"
)
DUE = "COALESCE(due_at, answer_due_at, '9999-12-31 00:00:00+00'::timestamptz)"
STATEMENTS = (
    "ALTER TABLE dossier ADD COLUMN bare varchar GENERATED ALWAYS AS (translate(code, '.-', '')) STORED",
    "CREATE INDEX dossier_bare ON dossier (unit, bare) INCLUDE (id)",
    f"CREATE INDEX dossier_by_due ON dossier (unit, ({DUE}), id) WHERE closed_at IS NULL AND settled_at IS NULL",
    f"CREATE INDEX dossier_said ON dossier USING gin (to_tsvector('simple'::regconfig, {FOLDED}))",
    "CREATE INDEX dossier_owner ON dossier (owner) WHERE owner IS NOT NULL",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
