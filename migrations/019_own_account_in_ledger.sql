-- What people do to their own account is in the ledger; so are log-ins, which are kept for a shorter time.

create or replace function ledger_topic(kind text, actor uuid) returns text language sql immutable as $$
	select case
		when kind in ('room_created', 'room_renamed', 'room_configured', 'room_switched', 'room_locked', 'room_unlocked', 'room_deleted', 'room_moved',
			'member_added', 'role_changed', 'member_removed', 'transferred', 'removed',
			'invitation_made', 'invitation_accepted', 'invitation_revoked', 'banned', 'ban_lifted',
			'join_requested', 'join_withdrawn', 'join_granted', 'join_declined',
			'lobby_admitted', 'lobby_denied', 'sent_to_lobby', 'webhook_made', 'webhook_removed')
			or kind = 'call_ended' and actor is not null then 'access'
		when kind in ('administrator_made', 'administrator_unmade', 'user_disabled', 'user_enabled', 'user_signed_out',
			'password_reset_made', 'settings_changed', 'purged',
			'account_made', 'account_deleted', 'data_exported', 'email_changed', 'password_changed', 'sessions_ended',
			'app_added', 'app_removed', 'passkey_added', 'passkey_removed', 'codes_made', 'code_used',
			'provider_connected', 'provider_disconnected') then 'site'
		when kind in ('signed_in', 'signed_out', 'log_ins_failed', 'second_step_failed') then 'sign_in'
		when kind in ('admitted', 'joined', 'left', 'permitted', 'call_started', 'call_ended', 'host_changed', 'knocked', 'knock_gone',
			'guest_came', 'guest_left', 'hand', 'muted', 'unmute_asked', 'share_stopped', 'spotlit',
			'message_sent', 'message_edited', 'message_deleted') then 'call'
		else '' end
$$;

-- Whoever looks for a person, an address or a kind looks among log-ins too; the audit log as a whole leaves them out.
drop index ledger_audit_kind, ledger_audit_actor, ledger_audit_subject, ledger_audit_address;
create index ledger_audit_kind on ledger (kind, at, id) where topic in ('access', 'site', 'sign_in');
create index ledger_audit_actor on ledger (actor, at, id) where topic in ('access', 'site', 'sign_in');
create index ledger_audit_subject on ledger (subject, at, id) where topic in ('access', 'site', 'sign_in');
create index ledger_audit_address on ledger (address, at, id) where topic in ('access', 'site', 'sign_in') and address <> '';
create index ledger_audit_sign_ins on ledger (at, id) where topic = 'sign_in';

-- How many log-ins have failed lately: for an account, or for names that nobody has from one address. The ledger says once
-- that there were many.
create table login_failures (
	of    text primary key, -- 'user:' and an id, or 'address:' and an address
	count integer not null default 1,
	since timestamptz not null default now()
);
create index login_failures_since on login_failures (since);
