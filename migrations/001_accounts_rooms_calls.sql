-- Accounts, rooms, who may be in them, and what happened there.

-- Keys that the copies of one deployment share, made at the first start.
create table keys (
	name       text primary key,
	value      bytea not null,
	created_at timestamptz not null default now()
);

-- Links that create the first administrator; one is enough, older ones lapse.
create table setup_links (
	token_hash bytea primary key,
	created_at timestamptz not null default now()
);

create table users (
	id            uuid primary key,
	username      text not null constraint users_username_key unique
		constraint users_username_check check (username ~ '^[a-z0-9_-]{2,32}$'),
	email         text not null check (length(email) between 3 and 254),
	display_name  text not null check (length(display_name) between 1 and 64),
	password_hash text not null,
	administrator boolean not null default false,
	disabled_at   timestamptz,
	created_at    timestamptz not null default now()
);
create unique index users_email_key on users (lower(email));

create table sessions (
	id           uuid primary key,
	token_hash   bytea not null unique,
	user_id      uuid not null references users on delete cascade,
	created_at   timestamptz not null default now(),
	last_seen_at timestamptz not null default now(),
	expires_at   timestamptz not null,
	address      text not null default '',
	user_agent   text not null default ''
);
create index sessions_user_id on sessions (user_id);
create index sessions_expires_at on sessions (expires_at);

create table rooms (
	id         uuid primary key,
	slug       text not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'),
	name       text not null check (length(name) between 1 and 80),
	topic      text not null default '' check (length(topic) <= 200),
	visibility text not null default 'private' check (visibility in ('private', 'open')),
	locked_at  timestamptz,
	capacity   integer not null default 50 check (capacity between 2 and 500),
	-- What people below moderator may publish.
	switches   jsonb not null default '{"microphone": true, "camera": true, "share": true}',
	backend    text not null,
	-- Part of the live room's name at the media backend: raised to leave a live room behind for good.
	generation integer not null default 1,
	created_by uuid references users on delete set null,
	created_at timestamptz not null default now(),
	deleted_at timestamptz
);
-- A deleted room's address is free again.
create unique index rooms_slug_key on rooms (slug) where deleted_at is null;

create table memberships (
	room_id    uuid not null references rooms on delete cascade,
	user_id    uuid not null references users on delete cascade,
	role       text not null check (role in ('member', 'moderator', 'owner')),
	created_at timestamptz not null default now(),
	created_by uuid references users on delete set null,
	primary key (room_id, user_id)
);
create unique index memberships_by_user on memberships (user_id, room_id) include (role);

-- One row for each time somebody was let in. Its id is the participant's identity at the media backend.
create table grants (
	id           text primary key,
	room_id      uuid not null references rooms on delete cascade,
	generation   integer not null,
	user_id      uuid not null references users on delete cascade,
	session_id   uuid not null, -- no foreign key: a session that is gone says that it has ended
	display_name text not null,
	-- What the media backend was last told that the participant may do.
	permissions  jsonb not null,
	issued_at    timestamptz not null default now(),
	connected_at timestamptz,
	left_at      timestamptz,
	revoked_at   timestamptz,
	reason       text
);
-- Those who are in a room, or about to be.
create index grants_present on grants (room_id) where left_at is null and revoked_at is null;
-- The same by person. Its condition is put in other words on purpose: put alike, the planner would read all of this index
-- for one room's participants whenever it believes the table to be almost empty.
create index grants_present_user on grants (user_id) where coalesce(left_at, revoked_at) is null;

-- Everything that happens in a room, in order.
create sequence ledger_id_seq as bigint;
create table ledger (
	id      bigint primary key,
	room_id uuid not null references rooms on delete cascade,
	at      timestamptz not null default now(),
	kind    text not null,
	actor   uuid, -- who did it; history, so it stays when the account goes
	subject text,
	data    jsonb not null default '{}'
);
create index ledger_room on ledger (room_id, id);

-- An id must not become visible before a smaller one of the same room: readers go on from the last id they saw.
-- So entries of one room are numbered under a lock that is held until commit.
create function ledger_key(room uuid) returns bigint language sql immutable as $$
	select hashtextextended('ledger:' || room::text, 0)
$$;
create function ledger_number() returns trigger language plpgsql as $$
begin
	perform pg_advisory_xact_lock(ledger_key(new.room_id));
	new.id := nextval('ledger_id_seq');
	return new;
end $$;
create trigger ledger_number before insert on ledger for each row execute function ledger_number();

create function ledger_appended() returns trigger language plpgsql as $$
begin
	perform pg_notify('ledger_appended', new.room_id::text);
	return null;
end $$;
create trigger ledger_appended after insert on ledger for each row execute function ledger_appended();

-- Who may be where follows these rows, however they are changed: the reconciler listens.
-- The payload is 'room:<id>' or 'user:<id>'.
create function access_changed_room() returns trigger language plpgsql as $$
begin
	perform pg_notify('access_changed', 'room:' || coalesce(new.id, old.id)::text);
	return null;
end $$;
create trigger rooms_access_changed
	after update of visibility, locked_at, capacity, switches, generation, deleted_at or delete
	on rooms for each row execute function access_changed_room();

create function access_changed_member() returns trigger language plpgsql as $$
begin
	perform pg_notify('access_changed', 'room:' || coalesce(new.room_id, old.room_id)::text);
	return null;
end $$;
create trigger memberships_access_changed
	after insert or update of role or delete
	on memberships for each row execute function access_changed_member();
create trigger grants_access_changed
	after update of revoked_at or delete
	on grants for each row execute function access_changed_member();

create function access_changed_user() returns trigger language plpgsql as $$
begin
	perform pg_notify('access_changed', 'user:' || coalesce(new.id, old.id)::text);
	return null;
end $$;
create trigger users_access_changed
	after update of disabled_at or delete
	on users for each row execute function access_changed_user();

create function access_changed_session() returns trigger language plpgsql as $$
begin
	perform pg_notify('access_changed', 'user:' || coalesce(new.user_id, old.user_id)::text);
	return null;
end $$;
create trigger sessions_access_changed
	after update of expires_at or delete
	on sessions for each row execute function access_changed_session();
