//! Who is in a group, who runs it, and how that changes.
