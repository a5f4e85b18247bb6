-- Keys compare by code point: the same order on every server, and an index that is cheaper to keep.
CREATE TABLE {schema}.record (
  site text COLLATE "C" NOT NULL, participant text COLLATE "C" NOT NULL, event text COLLATE "C" NOT NULL, event_repeat bigint NOT NULL,
  form text COLLATE "C" NOT NULL, form_repeat bigint NOT NULL, item_group text COLLATE "C" NOT NULL, group_repeat bigint NOT NULL,
  item_values text NOT NULL, first_fact bigint PRIMARY KEY, last_fact bigint NOT NULL UNIQUE, removed smallint NOT NULL,
  UNIQUE (participant, form, event, event_repeat, form_repeat, item_group, group_repeat, site)
);
