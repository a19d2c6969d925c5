-- Whose username begins with a letter or two: too little for the index of parts of names.
create index users_username_begins on users (username text_pattern_ops);
