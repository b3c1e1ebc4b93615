//! Typed requests to the engine's thread. The engine lives on a thread of its own and takes requests from one queue, so each request carries
//! the closure that computes its answer and sends it back: the caller gets the structure, and no JSON travels inside the process.

use tokio::sync::{mpsc, oneshot};

use crate::engine::views::ViewContext;
use crate::engine::{
    Command, Engine, HistoryQuery, Query, RollupQuery, Rollups, Stored, UtilisationQuery,
};
use crate::model::register::Register;
use crate::model::{Observation, Series};
use crate::units::UtcMs;

/// Takes the answer. A dropped receiver is a client that closed its connection.
pub type Reply<T> = oneshot::Sender<Result<T, String>>;

/// Computes and sends the answer of a query.
pub type AnswerQuery = Box<dyn FnOnce(&Engine, &ViewContext, &dyn Stored) + Send>;
/// Computes and sends the answer of a query about rollups, or sends why there is none.
pub type AnswerRollups = Box<dyn FnOnce(Result<RollupSources<'_>, String>) + Send>;
/// Checks a command; `None` if it was refused, which the caller has been sent.
pub type PrepareCommand = Box<dyn FnOnce(&Engine, UtcMs) -> Option<PreparedCommand> + Send>;

/// A request as the engine's thread receives it.
pub enum EngineRequest {
    /// Answered at once.
    Query(AnswerQuery),
    /// Answered by a thread beside the engine's.
    Rollups {
        /// The series to read.
        series: Series,
        /// Run on the other thread.
        answer: AnswerRollups,
    },
    /// Answered once the change is durable.
    Command(PrepareCommand),
}

/// What a query about rollups reads.
pub struct RollupSources<'a> {
    /// When the read began.
    pub now: UtcMs,
    /// The register at that time.
    pub register: &'a Register,
    /// Sums of the series.
    pub rollups: &'a dyn Rollups,
}

/// A command that the engine accepts.
pub struct PreparedCommand {
    /// To be handled by the engine and written to the inbox.
    pub observation: Observation<'static>,
    /// Sends the answer; to be called once the observation is durable.
    pub confirm: Box<dyn FnOnce() + Send>,
}

/// A request with the type of its answer.
pub trait Request: Send + 'static {
    /// Type of the answer.
    type Response: Send + 'static;

    /// Packs the request for the queue.
    fn pack(self, reply: Reply<Self::Response>) -> EngineRequest;
}

impl<Q: Query> Request for Q {
    type Response = Q::Response;

    fn pack(self, reply: Reply<Q::Response>) -> EngineRequest {
        EngineRequest::Query(Box::new(move |engine, context, stored| {
            let _ = reply.send(self.answer(engine, context, stored));
        }))
    }
}

impl Request for HistoryQuery {
    type Response = <Self as RollupQuery>::Response;

    fn pack(self, reply: Reply<Self::Response>) -> EngineRequest {
        pack_rollups(self, reply)
    }
}

impl Request for UtilisationQuery {
    type Response = <Self as RollupQuery>::Response;

    fn pack(self, reply: Reply<Self::Response>) -> EngineRequest {
        pack_rollups(self, reply)
    }
}

fn pack_rollups<Q: RollupQuery>(query: Q, reply: Reply<Q::Response>) -> EngineRequest {
    EngineRequest::Rollups {
        series: query.series().clone(),
        answer: Box::new(move |sources: Result<RollupSources<'_>, String>| {
            let answer = sources
                .and_then(|sources| query.answer(sources.now, sources.register, sources.rollups));
            let _ = reply.send(answer);
        }),
    }
}

fn pack_command<C: Command>(command: C, reply: Reply<C::Response>) -> EngineRequest {
    EngineRequest::Command(Box::new(move |engine, now| {
        match command.prepare(engine, now) {
            Ok((observation, response)) => Some(PreparedCommand {
                observation,
                confirm: Box::new(move || drop(reply.send(Ok(response)))),
            }),
            Err(reason) => {
                let _ = reply.send(Err(reason));
                None
            }
        }
    }))
}

/// The sending side of the engine's queue.
#[derive(Clone, Debug)]
pub struct EngineClient(mpsc::Sender<EngineRequest>);

impl std::fmt::Debug for EngineRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Query(_) => "Query",
            Self::Rollups { .. } => "Rollups",
            Self::Command(_) => "Command",
        })
    }
}

impl EngineClient {
    /// Wraps the queue's sender.
    pub fn new(requests: mpsc::Sender<EngineRequest>) -> Self {
        Self(requests)
    }

    /// Waits for the answer of a query, or the reason why there is none.
    pub async fn request<R: Request>(&self, request: R) -> Result<R::Response, String> {
        let (reply, answer) = oneshot::channel();
        self.send(request.pack(reply), answer).await
    }

    /// Waits until a command is durable, or for the reason why it is refused.
    pub async fn command<C: Command>(&self, command: C) -> Result<C::Response, String> {
        let (reply, answer) = oneshot::channel();
        self.send(pack_command(command, reply), answer).await
    }

    async fn send<T>(
        &self,
        request: EngineRequest,
        answer: oneshot::Receiver<Result<T, String>>,
    ) -> Result<T, String> {
        let stopping = || "the engine is stopping".to_owned();
        self.0.send(request).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }
}
