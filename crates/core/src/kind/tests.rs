//! Tests of the kinds: their tables and their page.

mod page;
mod table;
