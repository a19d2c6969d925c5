-- Mails, until they are sent and for a while after. What carries them is River's table of jobs, which holds their ids only;
-- River brings its own schema.

create table mails (
	id             uuid primary key, -- of version 7: newer ones sort later
	kind           text not null check (kind ~ '^[a-z_]{1,32}$'),
	-- held:      there was no mail server when it was written; it goes when an administrator says so
	-- waiting:   to be sent, at next_at or soon after
	-- handed:    the mail server is being given the text: whether it has it only its answer tells
	-- sent:      the mail server has taken it
	-- failed:    the mail server has refused it for good
	-- uncertain: given to the mail server, whose answer never came; it is not sent again by itself
	-- lapsed:    nobody sent it in time
	state          text not null check (state in ('held', 'waiting', 'handed', 'sent', 'failed', 'uncertain', 'lapsed')),
	recipient      text not null check (length(recipient) between 3 and 254),
	recipient_name text not null check (length(recipient_name) <= 64),
	subject        text not null check (length(subject) between 1 and 200), -- holds no secret
	-- The text, sealed: it may hold links that let somebody in. Gone when it is of no more use.
	body           bytea,
	attempts       integer not null default 0,
	-- Raised by every attempt and every decision to send: an attempt of an earlier turn changes nothing any more.
	turn           integer not null default 0,
	error          text not null default '', -- what went wrong last, for the administrator
	created_at     timestamptz not null default now(),
	next_at        timestamptz, -- before that nobody tries
	handed_at      timestamptz,
	sent_at        timestamptz,
	lapses_at      timestamptz not null,
	constraint mails_body_check check ((body is null) = (state in ('sent', 'lapsed'))),
	constraint mails_next_at_check check ((next_at is not null) = (state = 'waiting')),
	constraint mails_handed_at_check check ((handed_at is not null) = (state in ('handed', 'uncertain'))),
	constraint mails_sent_at_check check ((sent_at is not null) = (state = 'sent'))
);
create index mails_lapses_at on mails (lapses_at);
create index mails_handed on mails (handed_at) where state = 'handed';
