//! Who gets in, and what whoever gets in may do: over real TLS, with real certificates.

mod administering;
mod certificates;
mod enrolling;
mod flood;
mod limits;
mod listening;
mod raw;
mod revoking;
mod roles;
mod secrets;
