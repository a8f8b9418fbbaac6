//! Stories of institutions.
