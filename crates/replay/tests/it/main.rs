//! What replay promises: the same code on the same history does the same.

mod cancel;
mod fixture;
mod history;
mod signal;
mod turn;
