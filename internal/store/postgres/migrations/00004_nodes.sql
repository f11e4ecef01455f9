-- +goose Up
-- The generation of this schema. A program of generation N works on N and N+1: see docs/operations.md.
CREATE TABLE schema_version (
  generation INTEGER NOT NULL
);
INSERT INTO schema_version (generation) VALUES (1);

-- Rises with every change of what nodes hold in memory, so that one that missed its wake-up finds out.
CREATE SEQUENCE node_changes;
-- +goose StatementBegin
CREATE FUNCTION smsir_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM nextval('node_changes');
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER providers_changed AFTER INSERT OR UPDATE OR DELETE ON providers FOR EACH STATEMENT EXECUTE FUNCTION smsir_changed();
CREATE TRIGGER route_rules_changed AFTER INSERT OR UPDATE OR DELETE ON route_rules FOR EACH STATEMENT EXECUTE FUNCTION smsir_changed();
CREATE TRIGGER workspaces_changed AFTER UPDATE OF paused_at ON workspaces FOR EACH STATEMENT EXECUTE FUNCTION smsir_changed();

-- Workspaces with a provider whose connection exists once: the node that holds the lease runs it, and sends for them.
CREATE TABLE workspace_leases (
  workspace_id BYTEA PRIMARY KEY,
  node         BIGINT NOT NULL,
  lease_until  BIGINT NOT NULL -- by smsir_now()
);
