//! Generates the client side of the protos over the messages of `shared`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::path::Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = std::fs::read_dir(root.join("tiendo/v1"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    tonic_prost_build::configure()
        .build_server(false)
        .extern_path(".tiendo.v1", "::tiendo_shared::wire::v1")
        .compile_fds(protox::compile(files, [&root])?)?;
    Ok(())
}
