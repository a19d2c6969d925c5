-- Who is far on in the order of usernames is come to by reading it from the start: with what searches
-- look at beside the usernames, that is one index, and no row of the table. The order is that of bytes,
-- whatever the database's collation, so that those that begin with a text are beside each other.
-- The strongest lock comes first: to be given a stronger one than it holds, a migration would wait for
-- those who wait for it.
lock table users in access exclusive mode;
create index users_in_order on users (username collate "C") include (id, terms);
drop index users_username_begins;
drop index users_disabled;
create index users_disabled on users (username collate "C") include (id, terms) where disabled_at is not null;
drop index users_administrators;
create index users_administrators on users (username collate "C") where administrator;
-- The table is visited for rows that no vacuum has seen since: a fifth of it, as Postgres has it.
alter table users set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
-- Each search read what was not yet put into its place in this index, up to 4 MB, from end to end.
alter index users_terms set (fastupdate = off);
select gin_clean_pending_list('users_terms');
