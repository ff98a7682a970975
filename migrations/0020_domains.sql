-- Servers that sign for their whole domain: the key that each publishes.
create table domain_key (
    domain         text primary key,
    key            text not null,               -- as published
    read_at        timestamptz not null,
    asked_again_at timestamptz                  -- when it was last read because something did not verify with it
);
