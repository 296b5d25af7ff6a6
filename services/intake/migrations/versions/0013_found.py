"""What a dossier is found by stands in a column, whose statistics the planner knows; one index less."""

from alembic import op

revision = "0013"
down_revision = "0012"

SAID = (
    "to_tsvector('simple'::regconfig, translate(lower(normalize(code || ' ' || coalesce(ltrim(substring(code from '[0-9]+$'), '0'), '') || ' ' || "
    "coalesce(substring(code from '-[0-9]*([0-9]{4})-'), '') || ' ' || coalesce(summary, '') || ' ' || "
    "jsonb_path_query_array(corrections, '$[*].value')::text, NFD)), 'đĐ/.-_@,;\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b', 'dd       ')) "
    "|| array_to_tsvector(ARRAY['@' || procedure])"
)
DUE = "COALESCE(due_at, answer_due_at, '9999-12-31 00:00:00+00'::timestamptz)"
OPEN = "closed_at IS NULL AND settled_at IS NULL"
STATEMENTS = (
    "DROP INDEX dossier_said",
    "DROP INDEX dossier_bare",
    "DROP INDEX dossier_unit",
    "DROP INDEX dossier_by_due",
    f"ALTER TABLE dossier ADD COLUMN said tsvector GENERATED ALWAYS AS ({SAID}) STORED",
    "CREATE INDEX dossier_said ON dossier USING gin (said)",
    "CREATE INDEX dossier_unit ON dossier (unit, id) INCLUDE (state, bare)",
    f"CREATE INDEX dossier_by_due ON dossier (unit, ({DUE}), id) INCLUDE (state, handler, due_on, due_at, answer_due_at) WHERE {OPEN}",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
