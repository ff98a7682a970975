-- Ed25519: each group has a second key, and hosts that say so get requests by RFC 9421 that are signed with it.
-- Its purpose in `own_key` is 'group:NAME/ed25519'.

alter table peer
    drop constraint peer_scheme_check,
    add constraint peer_scheme_check check (scheme in ('cavage', 'rfc9421', 'ed25519')),
    -- It says that it takes Ed25519, and refused what came: for a while it is not believed. Another version may do better.
    add column ed25519_refused_at timestamptz;
