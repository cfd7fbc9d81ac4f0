//! Departments: who reports.

use jiff::civil::Date;

use crate::indicator::Text;

/// The chain that holds the acts of administrators; no department has this id.
pub const PROVINCE: &str = "province";

/// Who reports: an agency of the province or a commune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Id in kebab-case.
    pub id: String,
    /// Name.
    pub name: Text,
    /// What it is.
    pub kind: Kind,
    /// Id of the department above.
    pub parent: Option<String>,
    /// First day it reports for; none for no limit.
    pub valid_from: Option<Date>,
    /// Last day it reports for; none for no limit.
    pub valid_to: Option<Date>,
    /// Ids of the departments that took over from it.
    pub successors: Vec<String>,
}

/// What a department is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An agency of the province.
    Agency,
    /// A commune.
    Commune,
}
