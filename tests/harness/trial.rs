//! The small catalogue of the tests, which has one of everything.

use super::server::Options;

/// Members of the dimension `commune` of the trial catalogue: `xa-001` to `xa-200`.
pub(crate) const COMMUNES: u32 = 200;

/// The department that answers for nearly everything in the trial catalogue.
pub(crate) const DEPARTMENT: &str = "so-mot";

/// Text of the trial catalogue.
pub(crate) fn catalogue() -> String {
    let members: Vec<String> = (1..=COMMUNES)
        .map(|n| {
            let id = commune(n);
            format!("{{ id = \"{id}\", name = {{ vi = \"Xã {n}\", en = \"Commune {n}\" }} }}")
        })
        .collect();
    include_str!("../trial.toml").replace("COMMUNES]", &format!("{}]", members.join(",\n  ")))
}

/// Options of a server with the trial catalogue.
pub(crate) fn options() -> Options {
    Options::with_catalogue(&catalogue())
}

/// Id of the commune of this number, from 1.
pub(crate) fn commune(n: u32) -> String {
    format!("xa-{n:03}")
}
