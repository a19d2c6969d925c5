-- The same topics as before, in a language whose functions are read once in each session: one in SQL is read
-- again by every statement that appends entries.
create or replace function ledger_topic(kind text, actor uuid) returns text language plpgsql immutable as $$
begin
	return case
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
		else '' end;
end $$;
