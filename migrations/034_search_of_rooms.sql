-- As for users: what is not yet in its place in the index made each search longer.
lock table rooms in access exclusive mode;
alter index rooms_terms set (fastupdate = off);
select gin_clean_pending_list('rooms_terms');
