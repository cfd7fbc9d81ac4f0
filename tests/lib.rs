//! Holds the package of the behaviour tests; everything is in `main.rs`.
