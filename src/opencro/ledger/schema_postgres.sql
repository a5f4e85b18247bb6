CREATE SCHEMA {schema};
CREATE TABLE {schema}.meta (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE {schema}.fact (seq bigint PRIMARY KEY, participant text COLLATE "C" NOT NULL, body text NOT NULL, hash text NOT NULL);
CREATE INDEX fact_of_participant ON {schema}.fact (participant, seq);
CREATE TABLE {schema}.anchor (number bigint PRIMARY KEY, last_seq bigint NOT NULL, body text NOT NULL, hash text NOT NULL);

CREATE VIEW {schema}.audit AS SELECT seq, d->>'kind' AS kind, d->>'study' AS study, d->>'site' AS site,
  d->>'participant' AS participant, d->>'event' AS event, (d->>'event_repeat')::bigint AS event_repeat, d->>'form' AS form,
  (d->>'form_repeat')::bigint AS form_repeat, d->>'item_group' AS item_group, (d->>'group_repeat')::bigint AS group_repeat,
  (d->'payload')::text AS payload, d->>'actor' AS actor, d->>'role' AS role, d->>'reason' AS reason, d->>'source' AS source,
  d->>'recorded_at' AS recorded_at, d->>'device_time' AS device_time, (d->>'device_offset_ms')::bigint AS device_offset_ms,
  d->>'definition_version' AS definition_version, d->>'software_version' AS software_version, d->>'request_id' AS request_id,
  d->>'previous' AS previous_hash, hash
FROM (SELECT seq, hash, body::json AS d FROM {schema}.fact OFFSET 0) AS line;

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% on %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
  USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.fact
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.anchor
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.meta
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

-- An anchor closes all facts since the anchor before it; a gap in their numbers stops it.
CREATE FUNCTION {schema}.check_anchor() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before bigint; number bigint; facts bigint; newest bigint;
BEGIN
  SELECT coalesce(max(a.last_seq), 0), coalesce(max(a.number), 0) INTO before, number FROM {schema}.anchor a;
  SELECT count(*), max(f.seq) INTO facts, newest FROM {schema}.fact f WHERE f.seq > before;
  IF NEW.number <> number + 1 OR NEW.last_seq IS DISTINCT FROM newest OR facts <> newest - before THEN
    RAISE EXCEPTION 'an anchor closes the newest facts, which are numbered without gap' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER closes BEFORE INSERT ON {schema}.anchor FOR EACH ROW EXECUTE FUNCTION {schema}.check_anchor();

-- A record may only move together with a fact of its participant that this transaction wrote (no anchor closes it yet).
CREATE FUNCTION {schema}.check_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before bigint;
BEGIN
  SELECT coalesce(max(last_seq), 0) INTO before FROM {schema}.anchor;
  IF EXISTS (SELECT 1 FROM new_rows n LEFT JOIN {schema}.fact f ON f.seq = n.last_fact AND f.participant = n.participant
             WHERE f.seq IS NULL OR n.last_fact <= before) THEN
    RAISE EXCEPTION 'a record moves only with its fact' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
