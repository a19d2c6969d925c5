-- Second steps of signing in: an app's codes, passkeys, and codes for who has lost both.

-- Who gave the right password and has a second step before them. It is no session: nothing else looks here.
create table halfway (
	token_hash bytea primary key,
	user_id    uuid not null references users on delete cascade,
	tries      integer not null default 0 check (tries <= 5),
	expires_at timestamptz not null
);
create index halfway_by_user on halfway (user_id);
create index halfway_expires_at on halfway (expires_at);

-- When a second factor was shown in this session; null: it began with a password alone.
alter table sessions add column factor_at timestamptz;

-- Apps that show codes by time (RFC 6238). Secrets are sealed.
create table totp (
	user_id      uuid primary key references users on delete cascade,
	secret       bytea, -- null: none is in use yet
	pending      bytea, -- is in use once a code of it was given
	last_step    bigint not null default 0, -- of the last code that was taken: no code counts twice
	confirmed_at timestamptz,
	constraint totp_confirmed_check check ((secret is null) = (confirmed_at is null))
);

-- Codes to use once, by their hash. A used one is gone.
create table recovery_codes (
	user_id    uuid not null references users on delete cascade,
	code_hash  bytea not null,
	created_at timestamptz not null default now(),
	primary key (user_id, code_hash)
);

create table passkeys (
	id            uuid primary key,
	user_id       uuid not null references users on delete cascade,
	credential_id bytea not null constraint passkeys_credential_id_key unique,
	record        bytea not null, -- public key, counter and flags, sealed so that nobody who writes to this table adds one
	name          text not null check (length(name) between 1 and 64),
	created_at    timestamptz not null default now(),
	used_at       timestamptz
);
create index passkeys_by_user on passkeys (user_id, id);

-- What a browser was asked to sign, until it answers once.
create table ceremonies (
	token_hash bytea primary key,
	purpose    text not null check (purpose in ('add', 'enter', 'second', 'prove')),
	user_id    uuid references users on delete cascade, -- null: whoever has a passkey
	data       jsonb not null,
	expires_at timestamptz not null
);
create index ceremonies_by_user on ceremonies (user_id);
create index ceremonies_expires_at on ceremonies (expires_at);
