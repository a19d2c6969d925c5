-- A link that makes another address the account's ends with the session in which it was asked for.
alter table recovery add column session_id uuid references sessions on delete cascade;
create index recovery_by_session on recovery (session_id) where session_id is not null;

-- Nobody logs in to a service, so it is not the administrator who remains.
create or replace function administrator_remains() returns trigger language plpgsql as $$
begin
	perform pg_advisory_xact_lock(hashtextextended('administrators', 0));
	if not exists (select from users where administrator and disabled_at is null and not service) then
		raise exception 'no active administrator would remain'
			using errcode = 'integrity_constraint_violation', constraint = 'users_administrator_remains';
	end if;
	return null;
end $$;
