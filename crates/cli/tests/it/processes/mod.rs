//! Real processes against one store: races, kills, freezes, terminals.

mod crash;
mod frozen;
mod leftovers;
mod race;
mod side_effects;
mod terminal;
mod world;
