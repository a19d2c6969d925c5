-- Changes of who is an active administrator wait for each other before they lock any row, not after: two that change each
-- other's would wait for each other for ever.
create function administrators_in_turn() returns trigger language plpgsql as $$
begin
	perform pg_advisory_xact_lock(hashtextextended('administrators', 0));
	return null;
end $$;
create trigger users_administrators_in_turn before update of administrator, disabled_at or delete on users for each statement
	execute function administrators_in_turn();
