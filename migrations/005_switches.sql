-- Switches for the chat, and for reactions and hands, beside those for what people publish.

alter table rooms alter column switches
	set default '{"microphone": true, "camera": true, "share": true, "chat": true, "reactions": true}';
update rooms set switches = '{"chat": true, "reactions": true}' || switches;
-- Who is in a call while the program is replaced has heard of nothing else.
update grants set permissions = '{"chat": true, "reactions": true}' || permissions where revoked_at is null;
