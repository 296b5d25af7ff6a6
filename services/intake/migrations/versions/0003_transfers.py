"""Hand-overs to other units, dossiers filed again, dossiers filed together."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = """
ALTER TABLE dossier ADD COLUMN receiving_unit varchar, ADD COLUMN to_unit varchar, ADD COLUMN offered_at timestamptz,
ADD COLUMN rejections integer NOT NULL DEFAULT 0, ADD COLUMN resubmits uuid, ADD COLUMN bundle uuid,
ADD COLUMN handovers jsonb NOT NULL DEFAULT '[]';
UPDATE dossier SET receiving_unit = unit;
ALTER TABLE dossier ALTER COLUMN receiving_unit SET NOT NULL;
CREATE INDEX dossier_offered ON dossier (to_unit, id) WHERE to_unit IS NOT NULL;
CREATE INDEX dossier_received ON dossier (receiving_unit, received_at);
CREATE UNIQUE INDEX dossier_resubmits ON dossier (resubmits) WHERE resubmits IS NOT NULL;
CREATE INDEX dossier_bundle ON dossier (bundle) WHERE bundle IS NOT NULL
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
