//! What can be known of the tree without `/proc`: nothing but the direct children signalled by group.
