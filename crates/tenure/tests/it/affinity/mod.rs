//! Activities that follow a key to the worker that holds it, and activities that wait in queues.

mod follow;
mod gone;
mod limits;
mod queues;
mod several;
mod world;
