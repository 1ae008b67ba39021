//! The vocabulary and every rule of Tenure, without I/O.
