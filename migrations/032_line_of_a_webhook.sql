-- What waits for one receiver, in the order in which it is due: whoever has
-- delivered goes on with the next.
create index deliveries_in_line on deliveries (webhook_id, next_at) where state = 'waiting';
