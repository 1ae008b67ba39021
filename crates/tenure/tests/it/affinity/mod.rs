//! Activities that follow a key to its worker, or wait in queues.

mod follow;
mod gone;
mod limits;
mod queues;
mod several;
mod world;
