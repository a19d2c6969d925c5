-- Rooms can change which media service carries their calls, and one whose door Foyer does not guard has to be asked who is
-- where.

create index rooms_by_backend on rooms (backend, id);

-- Whose token may still be good.
create index grants_issued_at on grants (issued_at);

-- A room that is moved, however, leaves the call at its former media service behind for good.
create function room_moved() returns trigger language plpgsql as $$
begin
	new.generation := greatest(new.generation, old.generation + 1);
	return new;
end $$;
create trigger rooms_moved before update of backend on rooms
	for each row when (new.backend is distinct from old.backend) execute function room_moved();
create trigger rooms_moved_access_changed after update of backend on rooms
	for each row when (new.backend is distinct from old.backend) execute function access_changed_room();
