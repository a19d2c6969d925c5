-- Who was answered in a lobby and has not come, by when they were last there: an answer that nobody uses lapses.
create index lobby_answered on lobby (seen_at) where state <> 'waiting';
