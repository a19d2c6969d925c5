-- Hands and the spotlight of a call, and what a host changes for one call only.

-- Since when the participant's hand is up; hands are in this order.
alter table grants add column hand_at timestamptz;

alter table calls
	add column spotlight text references grants on delete set null, -- whom everybody sees large
	-- What of the room a host has changed was like before: it is put back when the call ends.
	add column room_before jsonb;
create index calls_spotlight on calls (spotlight) where spotlight is not null;
