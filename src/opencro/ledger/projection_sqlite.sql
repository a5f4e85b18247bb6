CREATE TABLE record (
  site TEXT NOT NULL, participant TEXT NOT NULL, event TEXT NOT NULL, event_repeat INTEGER NOT NULL,
  form TEXT NOT NULL, form_repeat INTEGER NOT NULL, item_group TEXT NOT NULL, group_repeat INTEGER NOT NULL,
  item_values TEXT NOT NULL, first_fact INTEGER PRIMARY KEY, last_fact INTEGER NOT NULL UNIQUE, removed INTEGER NOT NULL,
  UNIQUE (participant, form, event, event_repeat, form_repeat, item_group, group_repeat, site)
);
