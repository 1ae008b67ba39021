//! Many sessions: lists, names, children.

use async_trait::async_trait;
use tenure_api::{Tenant, cursor};
use tenure_core::id::Namespace;
use tenure_core::time::WallTime;
use tenure_store::{
    ChildrenRequest, Due, Filter, Handle, Inspect, ListRequest, Listed, NamedRequest, Order, Page, Period,
    Postpone, StoreError,
};

use crate::Remote;

#[async_trait]
impl Inspect for Remote {
    /// Where the next page begins is the server's handle: it is given back as it came, and names no session here.
    async fn list(&self, request: ListRequest) -> Result<Page, StoreError> {
        let is_oldest = request.order == Order::Oldest;
        let mut query = asked(&request.filter);
        query.push(("limit", request.page_max().to_string()));
        query.push(("order", if is_oldest { "oldest" } else { "newest" }.to_owned()));
        query.extend(request.past.map(|past| ("cursor", cursor::encode(past.0, is_oldest))));
        let labels =
            request.filter.labels.iter().map(|(name, value)| (format!("label.{name}"), value.clone()));
        let labels: Vec<_> = labels.collect();
        let page = self
            .ask(|client| async move {
                let labels = labels.iter().map(|(name, value)| (name.as_str(), value.clone()));
                let query: Vec<_> = query.into_iter().chain(labels).collect();
                client.sessions(&query).await
            })
            .await
            .map_err(|error| self.error(error))?;
        let next = page.next_cursor.as_deref().and_then(|text| cursor::decode(text, is_oldest)).map(Handle);
        Ok(Page { sessions: self.all(page.data)?, next })
    }

    async fn named(&self, request: NamedRequest) -> Result<Vec<Listed>, StoreError> {
        self.all_named(&request.name).await
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, StoreError> {
        let page = self
            .ask(|client| async move { client.namespaces().await })
            .await
            .map_err(|error| self.error(error))?;
        let parse = |tenant: &Tenant| {
            Namespace::parse(&tenant.name).map_err(|_invalid| crate::told::unreadable("a namespace"))
        };
        page.data.iter().map(parse).collect()
    }

    async fn children(&self, request: ChildrenRequest) -> Result<Page, StoreError> {
        let id = self.id(request.parent)?;
        let before = request.before.map(|before| cursor::encode(before.0, false));
        let limit = request.limit;
        let page = self
            .ask(|client| async move { client.children(id.as_str(), limit, before.as_deref()).await })
            .await
            .map_err(|error| self.error(error))?;
        let next = page.next_cursor.as_deref().and_then(|text| cursor::decode(text, false)).map(Handle);
        Ok(Page { sessions: self.all(page.data)?, next })
    }

    /// A server sweeps by itself.
    async fn due(&self, _: usize) -> Result<Vec<Due>, StoreError> {
        Ok(Vec::new())
    }

    async fn postpone(&self, _: Vec<Postpone>) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Remote {
    fn all(&self, sessions: Vec<tenure_api::Session>) -> Result<Vec<Listed>, StoreError> {
        sessions.into_iter().map(|session| self.listed(session)).collect()
    }
}

/// A filter as the API's query has it, but for labels.
fn asked(filter: &Filter) -> Vec<(&'static str, String)> {
    let mut query = Vec::new();
    query.extend(filter.states.iter().map(|state| ("state", state.name().to_owned())));
    query.extend(filter.kinds.iter().map(|kind| ("kind", kind.name().to_owned())));
    query.extend(filter.principals.iter().map(|principal| ("principal", principal.as_str().to_owned())));
    query.extend(filter.holder.iter().map(|holder| ("holder", holder.as_str().to_owned())));
    query.extend(filter.key_prefix.iter().map(|prefix| ("key", prefix.clone())));
    query.extend(filter.directory.iter().map(|directory| ("worktree", directory.clone())));
    query.extend(filter.parent.iter().map(|parent| ("parent", parent.as_str().to_owned())));
    query.extend(filter.group.iter().map(|group| ("group", group.as_str().to_owned())));
    query.extend(filter.terms.iter().map(|term| ("search", term.clone())));
    period(&mut query, ["created_after", "created_before"], filter.created);
    period(&mut query, ["started_after", "started_before"], filter.started);
    query
}

fn period(query: &mut Vec<(&'static str, String)>, [after, before]: [&'static str; 2], period: Period) {
    let text = |at: WallTime| tenure_api::rfc3339(at);
    query.extend(period.from.map(|from| (after, text(from))));
    query.extend(period.to.map(|to| (before, text(to))));
}
