//! From user functions to code that a worker runs.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_engine::ActivityCode;
use tenure_replay::{Code, Ending};

use crate::failure::{decode, encode};
use crate::{Activity, Failure, Orchestration};

/// An orchestration's code.
pub(crate) fn orchestration<I, O, E, F, Fut>(function: F) -> Code
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    E: Into<Failure> + Send + 'static,
    F: Fn(Orchestration, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, E>> + Send + 'static,
{
    let function = Arc::new(function);
    Arc::new(move |replay, input| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let input = match decode("the orchestration's input", &input) {
                Ok(input) => input,
                Err(failure) => return Ending::Failed(failure.into_inner()),
            };
            let context = Orchestration::new(replay);
            match function(context.clone(), input).await {
                Ok(output) => match encode("the orchestration's output", &output) {
                    Ok(output) => Ending::Completed(output),
                    Err(failure) => Ending::Failed(failure.into_inner()),
                },
                Err(error) => match context.take_anew() {
                    Some(anew) => Ending::ContinuedAsNew { input: anew.input, version: anew.version },
                    None => Ending::Failed(error.into().into_inner()),
                },
            }
        })
    })
}

/// An activity's code.
pub(crate) fn activity<I, O, E, F, Fut>(function: F) -> ActivityCode
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    E: Into<Failure> + Send + 'static,
    F: Fn(Activity, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, E>> + Send + 'static,
{
    let function = Arc::new(function);
    Arc::new(move |attempt, input| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let input = decode("the activity's input", &input).map_err(Failure::into_inner)?;
            let output = function(Activity::new(attempt), input).await;
            let output = output.map_err(|error| error.into().into_inner())?;
            encode("the activity's output", &output).map_err(Failure::into_inner)
        })
    })
}
