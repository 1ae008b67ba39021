//! Real processes against one store: races, kills, freezes, terminals.

mod crash;
mod follow;
mod frozen;
mod full_disk;
mod groups;
mod leftovers;
mod pauses;
mod race;
mod shutdown;
mod side_effects;
mod terminal;
mod world;
