-- Who comes back into a call that they have lost is another participant there, but not new: they may be where they may stay.
alter table grants add column returns_as text; -- the participant that they say they were, whom this one is in place of
create index grants_returns on grants (returns_as) where returns_as is not null;
