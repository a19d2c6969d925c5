-- What somebody wrote, sent, made or was mailed is found for them when they ask what is stored about them.
create index messages_by_author on messages (author, room_id, position);
create index files_by_owner on files (owner, id);
create index webhooks_by_creator on webhooks (created_by) where created_by is not null;
create index mails_by_recipient on mails (lower(recipient), id);
