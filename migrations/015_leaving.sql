-- An account that is deleted takes with it, or leaves without a name, what refers to it: found by these.
create index grants_by_user on grants (user_id, issued_at desc);
create index lobby_by_user on lobby (user_id) where user_id is not null;
create index bans_by_user on bans (user_id) where user_id is not null;
create index invitations_by_creator on invitations (created_by) where created_by is not null;
create index memberships_by_creator on memberships (created_by) where created_by is not null;
create index rooms_by_creator on rooms (created_by) where created_by is not null;
create index calls_by_host on calls (host) where host is not null;
