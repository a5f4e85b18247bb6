CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE fact (seq INTEGER PRIMARY KEY, participant TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX fact_of_participant ON fact (participant);
CREATE TABLE anchor (number INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE refused_attempt (at TEXT NOT NULL, what TEXT NOT NULL);

CREATE VIEW audit AS SELECT seq,
  json_extract(body, '$.kind') AS kind, json_extract(body, '$.study') AS study, json_extract(body, '$.site') AS site,
  json_extract(body, '$.participant') AS participant, json_extract(body, '$.event') AS event,
  json_extract(body, '$.event_repeat') AS event_repeat, json_extract(body, '$.form') AS form,
  json_extract(body, '$.form_repeat') AS form_repeat, json_extract(body, '$.item_group') AS item_group,
  json_extract(body, '$.group_repeat') AS group_repeat, json_extract(body, '$.payload') AS payload,
  json_extract(body, '$.actor') AS actor, json_extract(body, '$.role') AS role, json_extract(body, '$.reason') AS reason,
  json_extract(body, '$.source') AS source, json_extract(body, '$.recorded_at') AS recorded_at,
  json_extract(body, '$.device_time') AS device_time, json_extract(body, '$.device_offset_ms') AS device_offset_ms,
  json_extract(body, '$.definition_version') AS definition_version,
  json_extract(body, '$.software_version') AS software_version, json_extract(body, '$.request_id') AS request_id,
  json_extract(body, '$.previous') AS previous_hash, hash
FROM fact;

-- RAISE(FAIL) keeps what the trigger wrote before it, so the note of the attempt survives where the statement does not.
CREATE TRIGGER fact_update BEFORE UPDATE ON fact BEGIN
  INSERT INTO refused_attempt VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'UPDATE fact ' || old.seq);
  SELECT RAISE(FAIL, 'facts are append-only'); END;
CREATE TRIGGER fact_delete BEFORE DELETE ON fact BEGIN
  INSERT INTO refused_attempt VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'DELETE fact ' || old.seq);
  SELECT RAISE(FAIL, 'facts are append-only'); END;
-- INSERT OR REPLACE deletes without firing the trigger above, so a number that is taken is refused here.
CREATE TRIGGER fact_insert BEFORE INSERT ON fact WHEN new.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM fact) BEGIN
  INSERT INTO refused_attempt VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'INSERT fact ' || new.seq);
  SELECT RAISE(FAIL, 'facts are numbered without gap or repeat'); END;
CREATE TRIGGER anchor_update BEFORE UPDATE ON anchor BEGIN
  INSERT INTO refused_attempt VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'UPDATE anchor ' || old.number);
  SELECT RAISE(FAIL, 'anchors are append-only'); END;
CREATE TRIGGER anchor_delete BEFORE DELETE ON anchor BEGIN
  INSERT INTO refused_attempt VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'DELETE anchor ' || old.number);
  SELECT RAISE(FAIL, 'anchors are append-only'); END;
CREATE TRIGGER anchor_insert BEFORE INSERT ON anchor
WHEN new.number <> (SELECT coalesce(max(number), 0) + 1 FROM anchor) OR new.last_seq <> (SELECT max(seq) FROM fact) BEGIN
  INSERT INTO refused_attempt VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'INSERT anchor ' || new.number);
  SELECT RAISE(FAIL, 'an anchor closes the newest facts'); END;
CREATE TRIGGER meta_update BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'a ledger keeps its purpose'); END;
CREATE TRIGGER meta_delete BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'a ledger keeps its purpose'); END;
CREATE TRIGGER meta_insert BEFORE INSERT ON meta WHEN EXISTS (SELECT 1 FROM meta WHERE name = new.name)
BEGIN SELECT RAISE(ABORT, 'a ledger keeps its purpose'); END;
CREATE TRIGGER attempt_update BEFORE UPDATE ON refused_attempt BEGIN SELECT RAISE(ABORT, 'attempts stay noted'); END;
CREATE TRIGGER attempt_delete BEFORE DELETE ON refused_attempt BEGIN SELECT RAISE(ABORT, 'attempts stay noted'); END;
