"""The calendar desk: acts that change the law's data, what they changed, and the limits counted again."""

from alembic import op

from shared.store.migrate import frame_sql

revision = "0005"
down_revision = "0004"

OWN = (
    """CREATE TABLE law_act (
        id uuid PRIMARY KEY, kind varchar NOT NULL, key varchar NOT NULL, content jsonb NOT NULL, number varchar NOT NULL, basis varchar NOT NULL,
        state varchar NOT NULL, version integer NOT NULL, proposed_by varchar NOT NULL, proposed_at timestamptz NOT NULL,
        confirmed_by varchar, confirmed_at timestamptz)""",
    "CREATE INDEX law_act_key ON law_act (key, confirmed_at)",
    """CREATE TABLE recount (
        id uuid PRIMARY KEY, act uuid NOT NULL, reason_class varchar NOT NULL, first_day date NOT NULL, last_day date NOT NULL, unit varchar,
        rule varchar, not_before timestamptz NOT NULL, cursor uuid NOT NULL, seen integer NOT NULL, moved integer NOT NULL, unknown integer NOT NULL, finished_at timestamptz)""",
    "CREATE INDEX recount_next ON recount (not_before) WHERE finished_at IS NULL",
)


def upgrade() -> None:
    for statement in (*frame_sql("law_0001.sql"), *OWN):
        op.execute(statement)
