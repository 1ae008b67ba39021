//! The trace that work belongs to.

use tenure::{Activity, Failure, Orchestration, TraceParent};

use crate::fixture::{Home, both_ways};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn told(activity: Activity, (): ()) -> Result<Option<String>, Failure> {
    Ok(activity.trace().map(|trace| trace.to_string()))
}

/// What its own activities know of it, before and after its second execution begins, and its child's.
async fn all(ctx: Orchestration, mut known: Vec<Option<String>>) -> Result<Vec<Option<String>>, Failure> {
    known.push(ctx.activity("told", &()).await?);
    if ctx.execution() == 1 {
        return Err(ctx.continue_as_new(&known));
    }
    known.push(ctx.activity("told", &()).on_session("key").await?);
    known.push(ctx.child("child", &()).await?);
    Ok(known)
}

async fn child(ctx: Orchestration, (): ()) -> Result<Option<String>, Failure> {
    ctx.activity("told", &()).await
}

#[tokio::test]
async fn what_an_instance_does_belongs_to_the_trace_that_it_was_started_in() {
    both_ways(async |home: Home| {
        let tenure = home.tenure().orchestration("all", all).orchestration("child", child);
        let tenure = tenure.activity("told", told).start().await.unwrap();
        let none: Vec<Option<String>> = Vec::new();
        let traced = tenure.run("all", &none).trace(TraceParent::parse(PARENT).unwrap()).await.unwrap();
        let known: Vec<Option<String>> = traced.result().await.unwrap();
        assert_eq!(known, vec![Some(PARENT.to_owned()); 4]);
        let untraced = tenure.run("all", &none).await.unwrap();
        assert_eq!(untraced.result::<Vec<Option<String>>>().await.unwrap(), vec![None; 4]);
        tenure.stop().await;
    })
    .await;
}
