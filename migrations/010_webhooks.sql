-- Outgoing webhooks: other programs that are told of what the ledger says.

create table webhooks (
	id         uuid primary key,
	room_id    uuid references rooms on delete cascade, -- null: of the whole site
	url        text not null check (length(url) between 8 and 2000),
	topics     text[] not null check (cardinality(topics) > 0),
	secret     bytea not null, -- sealed
	created_by uuid references users on delete set null,
	created_at timestamptz not null default now(),
	paused_at  timestamptz -- the receiver said that it is gone: nothing is sent
);
create index webhooks_by_room on webhooks (room_id, created_at, id);

-- What a receiver is told, once for each entry. A job of River's brings it; the job holds the id only.
create table deliveries (
	id         bigint generated always as identity primary key,
	webhook_id uuid not null references webhooks on delete cascade,
	message    uuid not null default gen_random_uuid(), -- the same in every attempt: receivers tell by it what they have
	kind       text not null,
	body       jsonb not null,
	state      text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
	queued     boolean not null default false, -- there is a job for it
	attempts   integer not null default 0,
	-- Raised by every attempt and every decision to send: an attempt of an earlier turn changes nothing any more.
	turn       integer not null default 0,
	next_at    timestamptz not null default now(), -- before that nobody tries
	status     integer, -- of the last answer; null: there was none
	error      text not null default '', -- what went wrong last, as a sentence
	created_at timestamptz not null default now(),
	done_at    timestamptz,
	constraint deliveries_done_at_check check ((done_at is null) = (state = 'waiting'))
);
create index deliveries_of_webhook on deliveries (webhook_id, id);
create index deliveries_unqueued on deliveries (id) where state = 'waiting' and not queued;
create index deliveries_overdue on deliveries (next_at) where state = 'waiting' and queued;
create index deliveries_created_at on deliveries (created_at);

-- In the transaction that appends the entry, so that none is missed and none is told of that did not come about.
create function ledger_told() returns trigger language plpgsql as $$
begin
	insert into deliveries (webhook_id, kind, body)
	select webhooks.id, new.kind, jsonb_build_object(
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
	from webhooks
	where (webhooks.room_id = new.room_id or webhooks.room_id is null) and webhooks.paused_at is null and new.topic = any(webhooks.topics);
	if found then
		perform pg_notify('deliveries_waiting', '');
	end if;
	return null;
end $$;
create trigger ledger_told after insert on ledger for each row when (new.topic <> '') execute function ledger_told();
