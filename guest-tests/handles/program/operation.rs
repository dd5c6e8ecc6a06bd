//! Resources whose destructors drop what is in flight.

use std::future::IntoFuture;
use std::pin::Pin;

use guest_support::check::in_flight;
use guest_support::ledger::Booked;

use super::{store_room, tool, wit, wit_future, wit_stream};
use crate::runtime::{FutureReader, StreamReader};

/// What is in flight, with all that it needs.
type InFlight = Pin<Box<dyn Future<Output = ()>>>;

/// A resource that holds it.
pub struct Operation {
    _in_flight: InFlight,
    _booked: Booked,
}

impl Operation {
    /// Begins it.
    async fn begin(operation: impl Future<Output = ()> + 'static) -> wit::Operation {
        let mut operation: InFlight = Box::pin(operation);
        in_flight(&mut operation).await;
        wit::Operation::new(Operation {
            _in_flight: operation,
            _booked: Booked::new("operation"),
        })
    }
}

impl wit::GuestOperation for Operation {
    async fn read_stream(mut tools: StreamReader<wit::Tool>) -> wit::Operation {
        Operation::begin(async move {
            drop(tools.next().await);
        })
        .await
    }

    async fn read_future(tool: FutureReader<wit::Tool>) -> wit::Operation {
        Operation::begin(async move {
            drop(tool.into_future().await);
        })
        .await
    }

    async fn write_stream(labels: Vec<String>) -> (wit::Operation, StreamReader<wit::Tool>) {
        let (mut writer, reader) = wit_stream::new();
        let tools = labels.into_iter().map(tool::make).collect();
        let operation = Operation::begin(async move {
            drop(writer.write_all(tools).await);
        });
        (operation.await, reader)
    }

    async fn write_future(label: String) -> (wit::Operation, FutureReader<wit::Tool>) {
        let (writer, reader) = wit_future::new(|| tool::make("default".to_owned()));
        let operation = Operation::begin(async move {
            drop(writer.write(tool::make(label)).await);
        });
        (operation.await, reader)
    }

    async fn call() -> wit::Operation {
        Operation::begin(store_room::wait_alone()).await
    }

    async fn call_with(label: String) -> wit::Operation {
        let coin = store_room::Coin::new(&label);
        Operation::begin(async move {
            store_room::wait(&coin).await;
        })
        .await
    }
}
