//! The case that plays random verbs against the model.
