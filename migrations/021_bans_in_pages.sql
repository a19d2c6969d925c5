-- A room's bans, the latest first, page by page.
create index bans_of_room on bans (room_id, created_at desc, id desc);
