-- Guests of whom nothing is left go with the calls that they were in: by age, and by whatever still speaks of them.
create index guests_created_at on guests (created_at);
create index grants_by_guest on grants (guest_id) where guest_id is not null;
create index lobby_by_guest on lobby (guest_id) where guest_id is not null;
create index bans_by_guest on bans (guest_id) where guest_id is not null;
