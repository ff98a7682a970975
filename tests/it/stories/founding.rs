//! Groups that are made, changed, closed, and what they collect.
