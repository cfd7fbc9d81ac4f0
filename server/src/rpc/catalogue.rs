//! `CatalogueService`: what is measured, against which targets, and by whom.

use tiendo_shared::wire::{self, v1};
use tonic::Request;

use super::stubs::catalogue_service_server::{CatalogueService, CatalogueServiceServer};
use super::{Answer, Services, answer};
use crate::failure::Failure;
use crate::figures::known_department;
use crate::page;

struct Service(Services);

pub(super) fn service(services: &Services) -> CatalogueServiceServer<impl CatalogueService> {
    CatalogueServiceServer::new(Service(services.clone()))
}

#[tonic::async_trait]
impl CatalogueService for Service {
    async fn list_indicators(
        &self,
        request: Request<v1::ListIndicatorsRequest>,
    ) -> Answer<v1::ListIndicatorsResponse> {
        answer(self.0.list_indicators(request.get_ref()))
    }

    async fn get_indicator(
        &self,
        request: Request<v1::GetIndicatorRequest>,
    ) -> Answer<v1::GetIndicatorResponse> {
        let id = &request.get_ref().id;
        let catalogue = &self.0.catalogue;
        let found = catalogue.indicator(id).map(|found| v1::Indicator::of(found, catalogue));
        let found = found.ok_or_else(|| Failure::not_found("indicator", id));
        answer(found.map(|indicator| v1::GetIndicatorResponse { indicator: Some(indicator) }))
    }

    async fn list_targets(
        &self,
        request: Request<v1::ListTargetsRequest>,
    ) -> Answer<v1::ListTargetsResponse> {
        answer(self.0.list_targets(request.get_ref()))
    }

    async fn list_departments(
        &self,
        request: Request<v1::ListDepartmentsRequest>,
    ) -> Answer<v1::ListDepartmentsResponse> {
        answer(self.0.list_departments(request.get_ref()))
    }
}

impl Services {
    fn list_indicators(
        &self,
        request: &v1::ListIndicatorsRequest,
    ) -> Result<v1::ListIndicatorsResponse, Failure> {
        let department = &request.department;
        if !department.is_empty() {
            known_department(&self.catalogue, department)?;
        }
        let wanted: Vec<_> = if department.is_empty() {
            self.catalogue.indicators().iter().collect()
        } else {
            self.catalogue.reported_by(department).collect()
        };
        let (page, next_page_token) = page::slice(wanted, request.page_size, &request.page_token)?;
        Ok(v1::ListIndicatorsResponse {
            indicators: page
                .into_iter()
                .map(|indicator| v1::Indicator::of(indicator, &self.catalogue))
                .collect(),
            next_page_token,
            catalogue_version: self.catalogue.version.clone(),
            calendar: Some(self.catalogue.calendar().into()),
        })
    }

    fn list_targets(
        &self,
        request: &v1::ListTargetsRequest,
    ) -> Result<v1::ListTargetsResponse, Failure> {
        let wanted =
            self.catalogue.targets().iter().filter(|target| of_horizon(target, request.horizon));
        let (page, next_page_token) =
            page::slice(wanted.collect(), request.page_size, &request.page_token)?;
        let targets =
            page.into_iter().map(|target| wire::target(&self.catalogue, target)).collect();
        Ok(v1::ListTargetsResponse { targets, next_page_token })
    }

    fn list_departments(
        &self,
        request: &v1::ListDepartmentsRequest,
    ) -> Result<v1::ListDepartmentsResponse, Failure> {
        let kind = v1::DepartmentKind::try_from(request.kind).map_err(|_| {
            let message = format!("no department kind has the number {}", request.kind);
            Failure::invalid("kind", "UNKNOWN_KIND", message)
        })?;
        let wanted =
            self.catalogue.departments().iter().map(v1::Department::from).filter(|department| {
                kind == v1::DepartmentKind::Unspecified || department.kind == kind as i32
            });
        let (departments, next_page_token) =
            page::slice(wanted.collect(), request.page_size, &request.page_token)?;
        Ok(v1::ListDepartmentsResponse { departments, next_page_token })
    }
}

/// Whether a target is of the horizon asked for; 0 asks for all.
pub(super) fn of_horizon(target: &tiendo_shared::target::Target, horizon: u32) -> bool {
    horizon == 0 || u32::try_from(target.horizon) == Ok(horizon)
}
