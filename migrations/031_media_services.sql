-- When a node last said that it has a media service: one that no node has any more carries nobody's call.
create table media_services (
	name text primary key,
	seen_at timestamptz not null
);
