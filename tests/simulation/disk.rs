//! The disk in memory that forgets what was not synced, the one of the journal's own tests.

pub(crate) use tiendo_shared::journal::{Disk, DiskFile};

#[path = "../../shared/src/journal/model_disk.rs"]
#[allow(dead_code, reason = "the tests of `shared` use more of it")]
mod model_disk;

pub(crate) use model_disk::{Faults, ModelDisk, Random};
