-- Ways into a room besides belonging to it: invitations, guests, the lobby, requests; and how they end: bans, the end of
-- a call.

-- A room may be listed: everybody with an account sees it and can ask to belong to it, members enter.
alter table rooms drop constraint rooms_visibility_check;
alter table rooms add constraint rooms_visibility_check check (visibility in ('private', 'listed', 'open'));
alter table rooms
	add column guests boolean not null default false, -- may people without an account come in
	-- Who waits until a moderator lets them in: nobody, those who do not belong to the room, or all below moderator.
	add column lobby text not null default 'off' check (lobby in ('off', 'strangers', 'everyone')),
	-- What happens when the last moderator leaves a call: whoever is there longest hosts it, or it ends.
	add column succession text not null default 'host' check (succession in ('host', 'end'));
create index rooms_in_sight on rooms (lower(name), id) where visibility <> 'private' and deleted_at is null;

-- One row for each time that people met: from the first who was let in until a minute after the last has left, or until
-- somebody ended it.
create table calls (
	id         uuid primary key,
	room_id    uuid not null references rooms on delete cascade,
	started_at timestamptz not null default now(),
	ended_at   timestamptz,
	-- A moderator has been in it: only then does it matter that none is.
	moderated  boolean not null default false,
	host       uuid references users on delete set null, -- moderates this call while no moderator is there
	ends_at    timestamptz -- it ends then unless a moderator is back
);
create unique index calls_current on calls (room_id) where ended_at is null;

create table invitations (
	id         uuid primary key,
	room_id    uuid not null references rooms on delete cascade,
	token_hash bytea not null unique,
	role       text not null check (role in ('guest', 'member', 'moderator')),
	note       text not null default '' check (length(note) <= 200),
	email      text not null default '' check (length(email) <= 254), -- whom it was mailed to, empty for a link
	most_uses  integer check (most_uses between 1 and 10000), -- null: any number
	uses       integer not null default 0,
	expires_at timestamptz,
	revoked_at timestamptz,
	created_by uuid references users on delete set null,
	created_at timestamptz not null default now(),
	constraint invitations_uses_check check (uses <= most_uses)
);
create index invitations_by_room on invitations (room_id, created_at desc, id);

-- People without an account. A guest belongs to one room, and is over when ended_at is set or the invitation has ended.
create table guests (
	id            uuid primary key,
	room_id       uuid not null references rooms on delete cascade,
	invitation_id uuid references invitations on delete cascade, -- null: asked at the door of an open room
	display_name  text not null check (length(display_name) between 1 and 64),
	created_at    timestamptz not null default now(),
	ended_at      timestamptz
);
create index guests_by_invitation on guests (invitation_id);
create index guests_by_room on guests (room_id);

-- A session is a user's or a guest's.
alter table sessions alter column user_id drop not null;
alter table sessions
	add column guest_id uuid references guests on delete cascade,
	add constraint sessions_whose check (num_nonnulls(user_id, guest_id) = 1);
create index sessions_guest_id on sessions (guest_id) where guest_id is not null;

alter table grants alter column user_id drop not null;
alter table grants
	add column guest_id uuid references guests on delete cascade,
	add column call_id uuid references calls on delete set null,
	-- They came in through the lobby, so withdrawing the approval ends their presence.
	add column by_approval boolean not null default false,
	-- Whoever was let in and has not connected yet, or again, holds a place until then.
	add column held_until timestamptz,
	add constraint grants_whose check (num_nonnulls(user_id, guest_id) = 1);
update grants set held_until = issued_at + interval '2 minutes' where connected_at is null;
create index grants_by_call on grants (call_id);
-- Those who are in a room, or about to be, for the first time or again.
drop index grants_present;
create index grants_present on grants (room_id) where revoked_at is null and (left_at is null or held_until is not null);

-- Who waits to be let in, or was answered. The answer holds for one person and one call.
create table lobby (
	id           uuid primary key,
	room_id      uuid not null references rooms on delete cascade,
	user_id      uuid references users on delete cascade,
	guest_id     uuid references guests on delete cascade,
	person       uuid not null generated always as (coalesce(user_id, guest_id)) stored,
	display_name text not null check (length(display_name) between 1 and 64),
	state        text not null default 'waiting' check (state in ('waiting', 'admitted', 'denied')),
	asked_at     timestamptz not null default now(),
	seen_at      timestamptz not null default now(), -- when their page was last there
	decided_by   uuid references users on delete set null,
	constraint lobby_whose check (num_nonnulls(user_id, guest_id) = 1),
	constraint lobby_person_key unique (room_id, person)
);
create index lobby_waiting on lobby (seen_at) where state = 'waiting';

-- Whom a room is closed to: an account, a guest, or everybody who comes by an invitation.
create table bans (
	id            uuid primary key,
	room_id       uuid not null references rooms on delete cascade,
	user_id       uuid references users on delete cascade,
	guest_id      uuid references guests on delete cascade,
	invitation_id uuid references invitations on delete cascade,
	subject       uuid not null generated always as (coalesce(user_id, guest_id, invitation_id)) stored,
	name          text not null, -- of the person at the time, or the invitation's note
	created_by    uuid references users on delete set null,
	created_at    timestamptz not null default now(),
	constraint bans_whom check (num_nonnulls(user_id, guest_id, invitation_id) = 1),
	constraint bans_subject_key unique (room_id, subject)
);

-- Requests of people with an account to belong to a room. A decided one goes: what became of it is in the ledger.
create table join_requests (
	id         uuid primary key,
	room_id    uuid not null references rooms on delete cascade,
	user_id    uuid not null references users on delete cascade,
	message    text not null default '' check (length(message) <= 300),
	created_at timestamptz not null default now(),
	constraint join_requests_key unique (room_id, user_id)
);
create index join_requests_by_user on join_requests (user_id);
-- When those who decide were last told of somebody's request: they are not told again at once.
create index ledger_join_requested on ledger (room_id, actor) where kind = 'join_requested';

drop trigger rooms_access_changed on rooms;
create trigger rooms_access_changed
	after update of visibility, locked_at, capacity, switches, generation, deleted_at, guests, lobby, succession or delete
	on rooms for each row execute function access_changed_room();
create trigger invitations_access_changed
	after update of revoked_at, expires_at or delete
	on invitations for each row execute function access_changed_member();
create trigger guests_access_changed
	after update of ended_at or delete
	on guests for each row execute function access_changed_member();
create trigger lobby_access_changed
	after insert or update of state or delete
	on lobby for each row execute function access_changed_member();
create trigger bans_access_changed
	after insert or delete
	on bans for each row execute function access_changed_member();
create trigger calls_access_changed
	after update of ended_at, host or delete
	on calls for each row execute function access_changed_member();

-- A guest's session that ends: the payload names the room, for a guest is in one only.
create or replace function access_changed_session() returns trigger language plpgsql as $$
begin
	if old.user_id is not null then
		perform pg_notify('access_changed', 'user:' || old.user_id::text);
	else
		perform pg_notify('access_changed', 'room:' || guests.room_id::text) from guests where guests.id = old.guest_id;
	end if;
	return null;
end $$;
