//! The server's catalogue as it was last listed, kept for checks without the server.

use prost::Message as _;
use tiendo_shared::calendar::Calendar;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::Department;
use tiendo_shared::indicator::Indicator;
use tiendo_shared::wire::v1;
use tonic::Status;

use crate::connection::{ANSWER, Connection, within};
use crate::home::{self, Home};

/// What is kept: the messages as the server sent them.
#[derive(Clone, PartialEq, prost::Message)]
struct Kept {
    #[prost(string, tag = "1")]
    version: String,
    #[prost(message, repeated, tag = "2")]
    indicators: Vec<v1::Indicator>,
    #[prost(message, repeated, tag = "3")]
    departments: Vec<v1::Department>,
    #[prost(message, optional, tag = "4")]
    calendar: Option<v1::Calendar>,
}

/// The catalogue kept in `home`; none if there is none that can be read.
pub(crate) fn kept(home: &Home) -> Option<Catalogue> {
    let bytes = home::read_if_present(&home.catalogue()).ok().filter(|bytes| !bytes.is_empty())?;
    Kept::decode(&*bytes).ok().map(Kept::into_catalogue)
}

/// Asks the server for its catalogue and keeps it.
pub(crate) async fn fetch(connection: &Connection, home: &Home) -> Result<Catalogue, Status> {
    let kept = list(connection).await?;
    if let Err(error) =
        home.create().and_then(|()| home::replace(&home.catalogue(), &kept.encode_to_vec()))
    {
        tracing::warn!("the catalogue cannot be kept for later: {error}");
    }
    Ok(kept.into_catalogue())
}

async fn list(connection: &Connection) -> Result<Kept, Status> {
    let mut client = connection.catalogue();
    let mut kept = Kept::default();
    let mut request = v1::ListIndicatorsRequest::default();
    loop {
        let call = client.list_indicators(request.clone());
        let page = within(ANSWER, call).await?.into_inner();
        kept.indicators.extend(page.indicators);
        kept.version = page.catalogue_version;
        kept.calendar = page.calendar;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let mut request = v1::ListDepartmentsRequest::default();
    loop {
        let call = client.list_departments(request.clone());
        let page = within(ANSWER, call).await?.into_inner();
        kept.departments.extend(page.departments);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    Ok(kept)
}

impl Kept {
    /// An indicator this program is too old for is left out: the others can be reported.
    fn into_catalogue(self) -> Catalogue {
        let understood = |error: &tiendo_shared::wire::Invalid| tracing::warn!("{error}");
        let units: Vec<_> = self.indicators.iter().map(v1::Indicator::unit_of).collect();
        let indicators = self.indicators.into_iter();
        let indicators = indicators
            .filter_map(|message| Indicator::try_from(message).inspect_err(understood).ok());
        let calendar = self.calendar.map(Calendar::try_from).transpose();
        let calendar = calendar.inspect_err(understood).ok().flatten().unwrap_or_default();
        let departments = self.departments.into_iter();
        let departments = departments
            .filter_map(|message| Department::try_from(message).inspect_err(understood).ok());
        Catalogue::from_parts(self.version, indicators.collect(), Vec::new(), departments.collect())
            .with_units(units)
            .with_calendar(calendar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indicator_from_the_future_does_not_hide_the_others() {
        let indicator = |id: &str, kind: v1::IndicatorKind| v1::Indicator {
            id: id.to_owned(),
            kind: kind as i32,
            frequency: v1::Frequency::Year as i32,
            direction: v1::Direction::Increase as i32,
            combination: v1::Combination::Sum as i32,
            ..Default::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_owned()), &|_| None);
        assert!(kept(&home).is_none());
        let messages = Kept {
            version: "7".to_owned(),
            indicators: vec![
                indicator("old", v1::IndicatorKind::Quantity),
                indicator("new", v1::IndicatorKind::Unspecified),
            ],
            departments: Vec::new(),
            calendar: None,
        };
        std::fs::write(home.catalogue(), messages.encode_to_vec()).unwrap();
        let catalogue = kept(&home).unwrap();
        assert_eq!(catalogue.version, "7");
        assert!(catalogue.indicator("old").is_some() && catalogue.indicator("new").is_none());
    }
}
