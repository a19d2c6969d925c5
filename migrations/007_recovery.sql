-- Links that prove an address or set a new password, and what one has shown in a session.

alter table users add column email_verified_at timestamptz; -- null: nobody has shown that the address is theirs

-- Links that were mailed. Each works once, and the newest of a kind only.
create table recovery (
	token_hash bytea primary key,
	kind       text not null check (kind in ('verify', 'reset')),
	user_id    uuid not null references users on delete cascade,
	email      text not null check (length(email) between 3 and 254), -- where it went: whoever has it reads mail there
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	constraint recovery_one_of_a_kind unique (user_id, kind)
);
create index recovery_expires_at on recovery (expires_at);

-- Who asked for a link without being signed in, until somebody looks whether there is such an account. Asking is the same
-- one insert for everybody, so neither its answer nor its time tells.
create table recovery_asked (
	id         bigint generated always as identity primary key,
	kind       text not null check (kind in ('verify', 'reset')),
	login      text not null check (length(login) <= 254),
	asked_at   timestamptz not null default now()
);

-- When the person in this session last showed that it is they: on signing in, or since.
alter table sessions add column proved_at timestamptz not null default now();
drop index sessions_user_id;
create index sessions_by_user on sessions (user_id, id desc);
