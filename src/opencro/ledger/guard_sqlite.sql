-- A record may only move together with a fact of its participant that this transaction wrote (no anchor closes it yet).
CREATE TRIGGER record_insert BEFORE INSERT ON record
WHEN NOT EXISTS (SELECT 1 FROM fact WHERE seq = new.last_fact AND participant = new.participant)
  OR new.last_fact <= coalesce((SELECT last_seq FROM anchor ORDER BY number DESC LIMIT 1), 0)
  OR EXISTS (SELECT 1 FROM record WHERE first_fact = new.first_fact OR last_fact = new.last_fact)
BEGIN SELECT RAISE(ABORT, 'a record moves only with its fact'); END;
CREATE TRIGGER record_update BEFORE UPDATE ON record
WHEN NOT EXISTS (SELECT 1 FROM fact WHERE seq = new.last_fact AND participant = new.participant)
  OR new.last_fact <= coalesce((SELECT last_seq FROM anchor ORDER BY number DESC LIMIT 1), 0)
  OR EXISTS (SELECT 1 FROM record WHERE last_fact = new.last_fact)
  OR (new.site, new.participant, new.event, new.event_repeat, new.form, new.form_repeat, new.item_group, new.group_repeat,
      new.first_fact) IS NOT (old.site, old.participant, old.event, old.event_repeat, old.form, old.form_repeat,
      old.item_group, old.group_repeat, old.first_fact)
BEGIN SELECT RAISE(ABORT, 'a record moves only with its fact'); END;
CREATE TRIGGER record_delete BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'a record is removed by a fact'); END;
