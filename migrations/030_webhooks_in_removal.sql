-- A webhook that somebody is removing is waited for, and is told nothing when it is gone: an entry that found it still
-- there could not refer to it any more, and what the entry is about failed.
create or replace function ledger_told() returns trigger language plpgsql as $$
begin
	insert into deliveries (webhook_id, kind, body)
	select told.id, new.kind, jsonb_build_object(
		'type', new.kind,
		'timestamp', to_char(new.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
		'data', jsonb_build_object(
			'entry', new.id,
			'room', (select jsonb_build_object('id', id, 'slug', slug, 'name', name) from rooms where id = new.room_id),
			'actor', coalesce(
				(select jsonb_build_object('id', id, 'username', username, 'name', display_name) from users where id = new.actor),
				(select jsonb_build_object('id', id, 'username', null, 'name', display_name) from guests where id = new.actor)),
			'subject', new.subject,
			'details', new.data))
	from (
		select webhooks.id from webhooks
		where (webhooks.room_id = new.room_id or webhooks.room_id is null) and webhooks.paused_at is null and new.topic = any(webhooks.topics)
		for key share) told;
	if found then
		perform pg_notify('deliveries_waiting', '');
	end if;
	return null;
end $$;
