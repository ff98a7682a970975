-- What a turn asks about many activities at once, each by an index.

-- In which shapes a group's entries are to be written.
create index subscription_heard on subscription (group_id, shape) where until_seq is null;

-- Whether anything waits for what somebody answers.
create index received_needs on received (needs);

-- Which groups of ours follow a group.
create index following_actor on following (actor_id);

-- Whether a server that has just been heard from is one that we wait for.
create index destination_waited_for on destination (host) where next_try is not null or parked_at is not null;
