//! Real processes against one store: races, kills, freezes, terminals.

mod crash;
mod elsewhere;
mod follow;
mod frozen;
mod full_disk;
mod groups;
mod http;
mod keeping;
mod leftovers;
mod partition;
mod pauses;
mod race;
mod serve;
mod shutdown;
mod side_effects;
mod terminal;
mod traces;
mod world;
