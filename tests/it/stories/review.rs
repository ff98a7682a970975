//! What waits for an admin, and what becomes of it.
