-- The API: tokens of programs, services, people whom a program vouches for, and answers kept for requests that come again.

-- A service is an account that nobody logs in to: it acts through tokens, belongs to rooms like anybody, and is switched off
-- like anybody.
alter table users add column service boolean not null default false;
create index users_services on users (username) where service;

-- A token of the API is a session that lasts without being used, and that no cookie opens: so all that asks whether a session
-- holds asks it of tokens too.
alter table sessions add column api boolean not null default false;
alter table sessions add constraint sessions_api_check check (not api or user_id is not null);

create table api_tokens (
	session_id uuid primary key references sessions on delete cascade,
	user_id    uuid not null references users on delete cascade, -- whom it acts for
	name       text not null check (length(name) between 1 and 80),
	hint       text not null check (length(hint) = 4), -- its last characters, to know it again
	scopes     text[] not null check (cardinality(scopes) > 0),
	rooms      uuid[], -- only in these; null: wherever its holder may
	created_by uuid references users on delete set null,
	created_at timestamptz not null default now()
);
create index api_tokens_by_user on api_tokens (user_id, session_id);
create index api_tokens_by_creator on api_tokens (created_by) where created_by is not null;

-- Whom a program lets into a room is a guest of that room: the same one each time the program gives the same name for them.
alter table guests
	add column vouched_by uuid references users on delete cascade,
	add column identity   text check (length(identity) between 1 and 128),
	add constraint guests_vouched_whose check (vouched_by is null or invitation_id is null),
	add constraint guests_identity_whose check (identity is null or vouched_by is not null),
	add constraint guests_identity_key unique (room_id, vouched_by, identity);
create index guests_by_voucher on guests (vouched_by) where vouched_by is not null;
-- Those of them who are in somewhere, for when their program may no more.
create index grants_present_guest on grants (guest_id) where guest_id is not null and coalesce(left_at, revoked_at) is null;

-- What was answered to a request that makes something, for when it comes again. The answer is sealed: it may hold a link.
create table idempotency (
	session_id uuid not null references sessions on delete cascade,
	key        text not null check (length(key) between 1 and 255),
	request    bytea not null, -- SHA-256 of what was asked
	status     integer,        -- null: it is being answered
	headers    jsonb not null default '{}',
	body       bytea,
	created_at timestamptz not null default now(),
	primary key (session_id, key)
);
create index idempotency_created_at on idempotency (created_at);

create or replace function ledger_topic(kind text, actor uuid) returns text language sql immutable as $$
	select case
		when kind in ('room_created', 'room_renamed', 'room_configured', 'room_switched', 'room_locked', 'room_unlocked', 'room_deleted', 'room_moved',
			'member_added', 'role_changed', 'member_removed', 'transferred', 'removed',
			'invitation_made', 'invitation_accepted', 'invitation_revoked', 'banned', 'ban_lifted',
			'join_requested', 'join_withdrawn', 'join_granted', 'join_declined',
			'lobby_admitted', 'lobby_denied', 'sent_to_lobby', 'webhook_made', 'webhook_removed')
			or kind = 'call_ended' and actor is not null then 'access'
		when kind in ('administrator_made', 'administrator_unmade', 'user_disabled', 'user_enabled', 'user_signed_out',
			'password_reset_made', 'settings_changed', 'purged', 'token_made', 'token_revoked', 'service_made',
			'account_made', 'account_deleted', 'data_exported', 'email_changed', 'password_changed', 'sessions_ended',
			'app_added', 'app_removed', 'passkey_added', 'passkey_removed', 'codes_made', 'code_used',
			'provider_connected', 'provider_disconnected') then 'site'
		when kind in ('signed_in', 'signed_out', 'log_ins_failed', 'second_step_failed') then 'sign_in'
		when kind in ('admitted', 'joined', 'left', 'permitted', 'call_started', 'call_ended', 'host_changed', 'knocked', 'knock_gone',
			'guest_came', 'guest_left', 'hand', 'muted', 'unmute_asked', 'share_stopped', 'spotlit',
			'message_sent', 'message_edited', 'message_deleted') then 'call'
		else '' end
$$;
