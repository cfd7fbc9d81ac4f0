//! A disk that fills up: refused before it is full, taken again when there is room, lost nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use tiendo_shared::wire::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::harness::{Options, Server, number, single, trial, until};

/// A disk in memory on which little else happens.
const DISK: &str = "/dev/shm";
/// How far the floor is below what is free when the test begins, and what is put onto the disk.
const ROOM_MIB: u64 = 64;
const BALLAST_MIB: u64 = 80;
/// Others may fill and empty the disk meanwhile.
const PATIENCE: Duration = Duration::from_mins(1);

fn free_mib(disk: &Path) -> u64 {
    let disk = statvfs(disk).unwrap();
    (disk.f_bavail * disk.f_frsize) >> 20
}

async fn submit(server: &Server, month: u32) -> Result<v1::Receipt, tonic::Status> {
    let period = format!("{}-{:02}", 2000 + month / 12, month % 12 + 1);
    let one = single(&period, number("so-luong", &month.to_string()));
    let answer = server.collection(trial::DEPARTMENT).await.submit_measurements(one).await?;
    Ok(answer.into_inner().receipt.unwrap())
}

#[tokio::test]
async fn a_nearly_full_disk_refuses_and_takes_again_by_itself() {
    let folder = tempfile::tempdir_in(DISK).unwrap();
    let free = free_mib(folder.path());
    assert!(free > BALLAST_MIB + ROOM_MIB, "{DISK} has {free} MiB free, too few for this test");
    let floor = (free - ROOM_MIB).to_string();
    let options = Options {
        variables: vec![("TIENDO_DISK_FLOOR_MIB", floor.leak())],
        disk: Some(DISK.into()),
        ..trial::options()
    };
    let server = Server::start_with(options).await;
    let taken = until(PATIENCE, async || submit(&server, 0).await.ok()).await;
    assert!(taken.is_some(), "there is room: {}", server.log());
    let ballast = fs::File::create(folder.path().join("ballast")).unwrap();
    fallocate(&ballast, FallocateFlags::empty(), 0, BALLAST_MIB << 20).unwrap();
    let refused = until(PATIENCE, async || submit(&server, 1).await.err()).await;
    let refused = refused.expect("the disk is below its floor");
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert!(refused.message().contains("MiB"), "{refused:?}");
    let details = refused.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "DISK_FULL");
    assert!(details.retry_info().unwrap().retry_delay.is_some(), "it says when to come back");
    // What is known is still told.
    let request = v1::ListMeasurementsRequest {
        department: trial::DEPARTMENT.to_owned(),
        ..v1::ListMeasurementsRequest::default()
    };
    let known = server.status().await.list_measurements(request).await.unwrap().into_inner();
    assert_eq!(known.measurements.len(), 1);
    drop(ballast);
    fs::remove_file(folder.path().join("ballast")).unwrap();
    let again = until(PATIENCE, async || submit(&server, 1).await.ok()).await;
    assert_eq!(again.expect("there is room again").sequence, 2, "{}", server.log());
    assert!(server.log().contains("nearly full") && server.log().contains("room again"));
}
