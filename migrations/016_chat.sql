-- What people in a room write to each other, and the files that they pass around.

-- For how many days a room's members can read what was written; 0: only those in the call read it, from their coming on,
-- and it goes with the call.
alter table rooms add column history_days integer not null default 30 check (history_days between 0 and 3650);

create table messages (
	id           uuid primary key, -- made by the page that sends it: the same message sent again is no second one
	room_id      uuid not null references rooms on delete cascade,
	-- Its place in the room's ledger, which is the order of messages; and that of the latest change of it.
	position     bigint not null,
	revision     bigint not null,
	sent_at      timestamptz not null default clock_timestamp(), -- under the ledger's lock, so it grows with position
	author       uuid not null, -- user or guest; stays when they go
	display_name text not null check (length(display_name) between 1 and 64),
	username     text not null, -- empty for guests
	text         text not null check (length(text) <= 4000), -- empty when deleted, or when there are files only
	reply_to     uuid references messages on delete set null,
	edited_at    timestamptz,
	deleted_at   timestamptz,
	deleted_by   uuid,
	constraint messages_position_key unique (room_id, position),
	constraint messages_deleted_check check ((deleted_at is null) = (deleted_by is null) and (deleted_at is null or text = ''))
);
create index messages_changes on messages (room_id, revision);
create index messages_age on messages (room_id, sent_at);
create index messages_replies on messages (reply_to) where reply_to is not null;

-- A file's row is there before its bytes and goes after them, so that no bytes are ever forgotten.
create table files (
	id         uuid primary key, -- also the name of the bytes where they are stored
	room_id    uuid references rooms on delete set null,
	owner      uuid not null, -- user or guest who uploaded it
	message_id uuid references messages on delete set null, -- null: not sent yet, or the message is gone
	place      integer not null default 0, -- among the files of the message
	name       text not null check (length(name) between 1 and 200),
	type       text not null, -- what the bytes are, not what was claimed
	size       bigint not null check (size > 0),
	created_at timestamptz not null default now(),
	stored_at  timestamptz, -- null: the bytes are being received, or never came
	gone_at    timestamptz  -- nobody gets it any more; the bytes are about to be removed
);
create index files_by_message on files (message_id);
create index files_by_room on files (room_id, owner) where gone_at is null;
create index files_unsent on files (created_at) where message_id is null and gone_at is null;
create index files_gone on files (gone_at) where gone_at is not null;
