//! Several servers, and agents that know all of them.

mod ways;
