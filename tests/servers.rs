//! Several servers, and agents that know all of them.

mod away;
mod nodes;
mod shared;
mod ways;
