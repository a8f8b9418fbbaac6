//! Stories in, outcomes out. Filled below.
