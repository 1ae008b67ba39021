//! Drives sessions: start, lease keeper, append, tail, sweep.
