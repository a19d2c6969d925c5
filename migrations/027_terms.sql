-- What people and rooms are searched by is kept, lowered: to lower it for each row that a search
-- looks at took most of the search's time.
alter table users add column terms text not null
	generated always as (username || ' ' || lower(display_name) || ' ' || lower(email)) stored;
drop index users_terms;
drop function user_terms(text, text, text);
create index users_terms on users using gin (terms gin_trgm_ops);
alter table rooms add column terms text not null generated always as (lower(name || ' ' || slug)) stored;
drop index rooms_terms;
create index rooms_terms on rooms using gin (terms gin_trgm_ops);
