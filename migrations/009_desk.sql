-- The administrators' desk: finding people and rooms, what can be set while Foyer runs, and who is connected how.

-- Parts of names, names lowered. A trusted extension: whoever owns the database may make it.
create extension if not exists pg_trgm;
create function user_terms(username text, display_name text, email text) returns text language sql immutable parallel safe as $$
	select username || ' ' || lower(display_name) || ' ' || lower(email)
$$;
create index users_terms on users using gin (user_terms(username, display_name, email) gin_trgm_ops);
create index users_administrators on users (username) where administrator;
create index users_disabled on users (username) where disabled_at is not null;
create index rooms_terms on rooms using gin (lower(name || ' ' || slug) gin_trgm_ops);
create index calls_going_on on calls (started_at, room_id) where ended_at is null;
create index rooms_by_name on rooms (lower(name), id) where deleted_at is null;

-- An active administrator remains, whatever is changed and however: who else would let one in again. The lock makes changes
-- of several at once follow each other; the question after it sees what those before have committed.
create function administrator_remains() returns trigger language plpgsql as $$
begin
	perform pg_advisory_xact_lock(hashtextextended('administrators', 0));
	if not exists (select from users where administrator and disabled_at is null) then
		raise exception 'no active administrator would remain'
			using errcode = 'integrity_constraint_violation', constraint = 'users_administrator_remains';
	end if;
	return null;
end $$;
create trigger users_administrator_remains after update of administrator, disabled_at on users for each row
	when (old.administrator and old.disabled_at is null and not (new.administrator and new.disabled_at is null))
	execute function administrator_remains();
create trigger users_administrator_remains_deleted after delete on users for each row
	when (old.administrator and old.disabled_at is null)
	execute function administrator_remains();

-- What an administrator has set; for what is not here the environment's setting counts, or the default.
create table settings (
	name       text primary key check (name ~ '^[a-z_]{1,40}$'),
	value      jsonb not null,
	changed_at timestamptz not null default now(),
	changed_by uuid references users on delete set null
);
create function settings_changed() returns trigger language plpgsql as $$
begin
	perform pg_notify('settings_changed', coalesce(new.name, old.name));
	return null;
end $$;
create trigger settings_changed after insert or update or delete on settings for each row execute function settings_changed();

-- How participants say that they are connected; each overwrites what they said before. Worth nothing after a crash, so not
-- written ahead.
create unlogged table connections (
	grant_id text primary key references grants on delete cascade,
	path     text not null check (path in ('udp', 'tcp', 'relay', 'unknown')),
	quality  text not null check (quality in ('good', 'poor', 'lost')),
	rtt_ms   integer not null check (rtt_ms between 0 and 60000),
	loss     real not null check (loss between 0 and 1), -- share of packets
	at       timestamptz not null default now()
) with (fillfactor = 60);
