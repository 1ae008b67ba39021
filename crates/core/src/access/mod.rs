//! Who may do what: roles, and the tokens that give them.

mod role;
#[cfg(test)]
mod tests;
mod token;

pub use role::{Action, Role};
pub use token::{Token, Validity, note};
