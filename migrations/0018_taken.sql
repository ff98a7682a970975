-- Whether a group took an activity of this id: whoever runs it is told so when they answer what waits no more. By the id alone
-- (a hash index is small, and cheap to add to); of one id there are few rows.
create index activity_iri on activity using hash (iri);
