//! Tests of the session rules.

mod create;
mod drive;
mod facts;
mod fence;
mod group;
mod idle;
mod judged;
mod keep;
mod lifecycle;
mod operator;
mod owner;
mod replay;
mod rerun;
mod run;
mod sequences;
mod totality;
mod world;
