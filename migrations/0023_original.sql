-- What was signed, where `activity.raw`, `held.raw` or `report.raw` says it in other words: we pass on our translation and keep the original.
create table original (
    activity text        primary key,           -- the id of the activity as which it was read
    body     text        not null,              -- byte for byte as it was signed
    at       timestamptz not null
);
