//! `LedgerService`: the hash chains, for those whose figures they hold and for auditors.

use tiendo_shared::department::PROVINCE;
use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::ledger_service_server::{LedgerService, LedgerServiceServer};
use super::{Answer, Services, answer, caller};
use crate::failure::Failure;
use crate::identity::{Caller, Role};
use crate::page;

struct Ledger(Services);

pub(super) fn service(services: &Services) -> LedgerServiceServer<impl LedgerService> {
    LedgerServiceServer::new(Ledger(services.clone()))
}

#[tonic::async_trait]
impl LedgerService for Ledger {
    async fn get_head(&self, request: Request<v1::GetHeadRequest>) -> Answer<v1::GetHeadResponse> {
        let caller = caller(&request)?;
        answer(self.0.head(&caller, request.get_ref()).await)
    }

    async fn list_entries(
        &self,
        request: Request<v1::ListEntriesRequest>,
    ) -> Answer<v1::ListEntriesResponse> {
        let caller = caller(&request)?;
        answer(self.0.list_entries(&caller, request.get_ref()).await)
    }
}

impl Services {
    async fn head(
        &self,
        caller: &Caller,
        request: &v1::GetHeadRequest,
    ) -> Result<v1::GetHeadResponse, Failure> {
        let department = self.chain(caller, &request.department)?;
        let (sequence, entry_hash) = self.store.head(&department).await?;
        Ok(v1::GetHeadResponse { department, sequence, entry_hash: entry_hash.to_vec() })
    }

    async fn list_entries(
        &self,
        caller: &Caller,
        request: &v1::ListEntriesRequest,
    ) -> Result<v1::ListEntriesResponse, Failure> {
        let department = self.chain(caller, &request.department)?;
        let from = match page::words::<1>(&request.page_token)? {
            Some([sequence]) => sequence.parse().map_err(|_| page::invalid())?,
            None => request.from_sequence.max(1),
        };
        let size = page::size(request.page_size);
        // The end is that of the chain: an engine gives fewer entries where they are long.
        let (end, _) = self.store.head(&department).await?;
        let entries = self.store.entries(&department, from, size).await?;
        let last = entries.last().map(|entry| entry.recorded.link.sequence);
        let next = last.filter(|last| *last < end).map(|last| (last + 1).to_string());
        Ok(v1::ListEntriesResponse {
            entries: entries.iter().map(v1::LedgerEntry::from).collect(),
            next_page_token: next.map_or_else(String::new, |sequence| page::token(&[&sequence])),
        })
    }

    /// The chain a caller may read: agents their own, others the one they name, and
    /// administrators that of the province too.
    fn chain(&self, caller: &Caller, asked: &str) -> Result<String, Failure> {
        if asked.is_empty() {
            return if caller.department.is_some() {
                caller.acts_for(&self.catalogue).map(str::to_owned)
            } else {
                let message = "you act for no department of your own; name one";
                Err(Failure::invalid("department", "DEPARTMENT_MISSING", message))
            };
        }
        if asked == PROVINCE {
            return match caller.role {
                Role::Administrator => Ok(asked.to_owned()),
                _ => Err(Failure::Denied(format!("the chain `{asked}` is for administrators"))),
            };
        }
        caller.may_see(asked)?;
        if self.catalogue.department(asked).is_none() {
            return Err(Failure::not_found("department", asked));
        }
        Ok(asked.to_owned())
    }
}
