-- How a guest's stay ended: whose call was over comes again by the same invitation, who left for good does not. Empty where a
-- moderator put them out, and for stays that ended before this was noted.
alter table guests
	add column ended_by text check (ended_by in ('call', 'self')),
	add constraint guests_ended_by_when check (ended_by is null or ended_at is not null);
