-- The ledger is read for more than a live room: as the audit log, for attendance, and by outgoing webhooks.

-- What concerns the whole site and no room has none.
alter table ledger alter column room_id drop not null;
-- Where the request came from that did it; empty: nobody's request.
alter table ledger add column address text not null default '';

-- What an entry is about: who may do what in a room (access) or on the site (site), or who was in which call (call). Kinds
-- that are not named belong to nothing that is kept or purged by topic.
create function ledger_topic(kind text, actor uuid) returns text language sql immutable as $$
	select case
		when kind in ('room_created', 'room_renamed', 'room_configured', 'room_locked', 'room_unlocked', 'room_deleted', 'room_moved',
			'member_added', 'role_changed', 'member_removed', 'transferred', 'removed',
			'invitation_made', 'invitation_accepted', 'invitation_revoked', 'banned', 'ban_lifted',
			'join_requested', 'join_withdrawn', 'join_granted', 'join_declined',
			'lobby_admitted', 'lobby_denied', 'sent_to_lobby', 'webhook_made', 'webhook_removed')
			or kind = 'call_ended' and actor is not null then 'access'
		when kind in ('administrator_made', 'administrator_unmade', 'user_disabled', 'user_enabled', 'user_signed_out',
			'password_reset_made', 'settings_changed', 'purged') then 'site'
		when kind in ('admitted', 'joined', 'left', 'permitted', 'call_started', 'call_ended', 'host_changed', 'knocked', 'knock_gone',
			'guest_came', 'guest_left') then 'call'
		else '' end
$$;
alter table ledger add column topic text not null generated always as (ledger_topic(kind, actor)) stored;

-- The audit log, newest first, by each of its filters. Comings and goings, of which there are far more, are in none of these.
create index ledger_audit on ledger (at, id) where topic in ('access', 'site');
create index ledger_audit_room on ledger (room_id, at, id) where topic in ('access', 'site');
create index ledger_audit_kind on ledger (kind, at, id) where topic in ('access', 'site');
create index ledger_audit_actor on ledger (actor, at, id) where topic in ('access', 'site');
create index ledger_audit_subject on ledger (subject, at, id) where topic in ('access', 'site');
create index ledger_audit_address on ledger (address, at, id) where topic in ('access', 'site') and address <> '';
create index ledger_audit_site on ledger (at, id) where topic = 'site';
-- What is old enough to be purged. Rows lie in the order of their time, so that little says much about them.
create index ledger_at on ledger using brin (at) with (autosummarize = on);

-- Entries of one room are numbered in the order in which they become visible; those of the site nobody follows.
create or replace function ledger_number() returns trigger language plpgsql as $$
begin
	if new.room_id is not null then
		perform pg_advisory_xact_lock(ledger_key(new.room_id));
	end if;
	new.id := nextval('ledger_id_seq');
	return new;
end $$;
create or replace function ledger_appended() returns trigger language plpgsql as $$
begin
	if new.room_id is not null then
		perform pg_notify('ledger_appended', new.room_id::text);
	end if;
	return null;
end $$;

-- Attendance: as what somebody came in, and how long they were away before they came back.
alter table grants
	add column role text not null default '',
	add column away interval not null default '0';
update grants set role = 'guest' where guest_id is not null;
update grants set role = memberships.role from memberships
	where memberships.room_id = grants.room_id and memberships.user_id = grants.user_id;
create index calls_of_room on calls (room_id, started_at desc, id);
create index calls_ended_at on calls (ended_at) where ended_at is not null;

-- A grant that is purged was over long before: nobody has to be told.
drop trigger grants_access_changed on grants;
create trigger grants_access_changed after update of revoked_at on grants for each row execute function access_changed_member();
create trigger grants_deleted_access_changed after delete on grants for each row
	when (old.left_at is null and old.revoked_at is null) execute function access_changed_member();
