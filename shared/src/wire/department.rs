//! Departments between messages and the domain.

use jiff::civil::Date;

use super::{Invalid, v1};
use crate::department::{self, Department};

impl From<department::Kind> for v1::DepartmentKind {
    fn from(kind: department::Kind) -> Self {
        match kind {
            department::Kind::Agency => Self::Agency,
            department::Kind::Commune => Self::Commune,
        }
    }
}

impl From<&Department> for v1::Department {
    fn from(department: &Department) -> Self {
        let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        Self {
            id: department.id.clone(),
            name: Some((&department.name).into()),
            kind: v1::DepartmentKind::from(department.kind) as i32,
            parent: department.parent.clone().unwrap_or_default(),
            valid_from: day(department.valid_from),
            valid_to: day(department.valid_to),
            successors: department.successors.clone(),
        }
    }
}

impl TryFrom<v1::Department> for Department {
    type Error = Invalid;

    fn try_from(message: v1::Department) -> Result<Self, Invalid> {
        let invalid = |field, value: &dyn ToString| Invalid {
            id: message.id.clone(),
            field,
            value: value.to_string(),
        };
        let day = |field, text: &str| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| invalid(field, &text)),
        };
        Ok(Self {
            kind: match message.kind() {
                v1::DepartmentKind::Agency => department::Kind::Agency,
                v1::DepartmentKind::Commune => department::Kind::Commune,
                v1::DepartmentKind::Unspecified => return Err(invalid("kind", &message.kind)),
            },
            valid_from: day("valid_from", &message.valid_from)?,
            valid_to: day("valid_to", &message.valid_to)?,
            id: message.id,
            name: message.name.map(Into::into).unwrap_or_default(),
            parent: Some(message.parent).filter(|parent| !parent.is_empty()),
            successors: message.successors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::Text;

    #[test]
    fn departments_come_back_as_they_were_listed() {
        let original = Department {
            id: "kien-giang".to_owned(),
            name: Text { vi: "Kiên Giang".to_owned(), en: "Kien Giang".to_owned() },
            kind: department::Kind::Agency,
            parent: Some("tinh".to_owned()),
            valid_from: None,
            valid_to: Some(Date::constant(2025, 6, 30)),
            successors: vec!["an-giang".to_owned()],
        };
        assert_eq!(Department::try_from(v1::Department::from(&original)), Ok(original));
    }
}
