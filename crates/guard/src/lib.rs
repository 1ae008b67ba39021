//! Runs a command under a deadline: guard process, pseudo-terminal, process tree.
