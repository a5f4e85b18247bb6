CREATE TRIGGER moves_with_fact_insert AFTER INSERT ON {schema}.record REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.check_record();
CREATE TRIGGER moves_with_fact_update AFTER UPDATE ON {schema}.record REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.check_record();
CREATE TRIGGER no_delete BEFORE DELETE OR TRUNCATE ON {schema}.record
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

-- The role under which the application works: it may add facts and move records with them, and nothing else.
REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT ON {schema}.fact, {schema}.anchor TO {role};
GRANT SELECT ON {schema}.meta, {schema}.audit TO {role};
GRANT SELECT, INSERT ON {schema}.record TO {role};
GRANT UPDATE (item_values, last_fact, removed) ON {schema}.record TO {role};
