//! Generates the client side of the protos over the messages of `shared`, and keeps what
//! departments download small.

use std::env::var;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = var("CARGO_MANIFEST_DIR")?;
    generate(&Path::new(&home).join("../proto"))?;
    leave_out_unwinding(&Path::new(&home).join("no-unwinding.ld"));
    Ok(())
}

fn generate(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = std::fs::read_dir(root.join("tiendo/v1"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    tonic_prost_build::configure()
        .build_server(false)
        .extern_path(".tiendo.v1", "::tiendo_shared::wire::v1")
        .compile_fds(protox::compile(files, [root])?)?;
    Ok(())
}

/// Where a panic ends the program nobody reads how to unwind: an eighth of it. What a build
/// script is told of panics is not what the profile says, so the profile is known by its `z`.
fn leave_out_unwinding(script: &Path) {
    println!("cargo:rerun-if-changed={}", script.display());
    let is = |name: &str, value: &str| var(name).is_ok_and(|it| it == value);
    // The start files of musl refer to the tables.
    let is_known = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is("OPT_LEVEL", "z") && is_known {
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", script.display());
        println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    }
}
