//! Orchestrations on a real store, with code that stays in memory and with code that is brought back after every turn.

mod activities;
mod cancel;
mod changes;
mod children;
mod fixture;
mod many;
mod restart;
mod signals;
mod starts;
mod time;
