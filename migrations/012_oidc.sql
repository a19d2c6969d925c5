-- Signing in by OpenID Connect.

-- Null: they come in by another way than a password.
alter table users alter column password_hash drop not null;

-- Who somebody is at the provider. Addresses change there; subjects do not.
create table identities (
	issuer     text not null,
	subject    text not null check (length(subject) between 1 and 255),
	user_id    uuid not null references users on delete cascade,
	created_at timestamptz not null default now(),
	used_at    timestamptz not null default now(),
	primary key (issuer, subject),
	constraint identities_one_of_a_provider unique (user_id, issuer)
);

-- Who was sent to the provider, until they are back.
create table oidc_flows (
	state_hash bytea primary key,
	purpose    text not null check (purpose in ('enter', 'connect', 'prove')),
	session_id uuid references sessions on delete cascade, -- of who was signed in already
	nonce      text not null,
	verifier   text not null, -- of PKCE; worth nothing without the code, which the provider gives once
	next       text not null,
	started_at timestamptz not null default now(),
	expires_at timestamptz not null
);
create index oidc_flows_by_session on oidc_flows (session_id);
create index oidc_flows_expires_at on oidc_flows (expires_at);
