//! The functions of `channels`.

use std::pin::Pin;
use std::task::{Context, Poll};

use wasmtime::component::{
    Accessor, Destination, FutureReader, Resource, StreamProducer, StreamReader, StreamResult,
    VecBuffer,
};
use wasmtime::error::Context as _;
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::WasiView;

use super::Peer;
use super::bindings::test::resources::channels::{Host, HostWithStore};
use super::giving::Feed;
use super::taking::Sink;
use super::tokens::{self, Token};
use crate::host;

/// The ends that the host holds.
#[derive(Debug, Default)]
pub struct State {
    opened: Option<Feed>,
    promised: Option<Feed>,
    received: Option<Sink>,
    expected: Option<FutureReader<Resource<Token>>>,
    /// The entries in the table of what `flood` handed over.
    flooded: Vec<u32>,
}

fn ends(state: &mut host::State) -> &mut State {
    &mut state.peers.resources.channels
}

impl Host for &mut host::State {
    fn feed(&mut self, numbers: Vec<u32>) -> Result<()> {
        let made: Vec<Token> = numbers.iter().map(|n| tokens::make(self, *n)).collect();
        let feed = ends(self).opened.as_ref().context("`open` comes first")?;
        feed.put(made);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let feed = ends(self).opened.take().context("`open` comes first")?;
        feed.finish();
        Ok(())
    }

    fn salvage(&mut self) -> Result<u32> {
        let mut flooded = std::mem::take(&mut ends(self).flooded);
        let opened = &ends(self).opened;
        flooded.extend(opened.iter().flat_map(Feed::handed_over));
        let left = flooded.into_iter().filter(|rep| {
            let own = Resource::<Token>::new_own(*rep);
            self.ctx().table.delete(own).is_ok()
        });
        Ok(u32::try_from(left.count())?)
    }

    fn fulfil(&mut self, number: u32) -> Result<()> {
        let token = tokens::make(self, number);
        let feed = ends(self)
            .promised
            .take()
            .context("`promise` comes first")?;
        feed.put([token]);
        Ok(())
    }

    fn refuse(&mut self) -> Result<()> {
        let sink = ends(self)
            .received
            .take()
            .context("`receive` comes first")?;
        sink.refuse();
        Ok(())
    }
}

/// Reads the stream that was received.
async fn read(accessor: &Accessor<host::State, Peer>, most: u32) -> Result<Vec<Token>> {
    let sink = accessor.with(|mut access| ends(access.get()).received.clone());
    let sink = sink.context("`receive` comes first")?;
    Ok(sink.read(usize::try_from(most)?).await)
}

/// Reads the future that was received.
async fn read_expected(accessor: &Accessor<host::State, Peer>) -> Result<Token> {
    let sink = accessor.with(|mut access| {
        let reader = ends(access.get()).expected.take();
        Sink::future(access, reader.context("`expect` comes first")?)
    })?;
    let read = sink.read(1).await;
    read.into_iter().next().context("a future has a value")
}

impl HostWithStore<host::State> for Peer {
    async fn open(accessor: &Accessor<host::State, Self>) -> Result<StreamReader<Resource<Token>>> {
        accessor.with(|mut access| {
            let (feed, reader) = Feed::stream(&mut access)?;
            ends(access.get()).opened = Some(feed);
            Ok(reader)
        })
    }

    async fn flood(
        accessor: &Accessor<host::State, Self>,
        numbers: Vec<u32>,
    ) -> Result<StreamReader<Resource<Token>>> {
        accessor.with(|mut access| {
            let state = access.get();
            let mut flooded = Vec::new();
            for number in numbers {
                let token: Token = tokens::make(state, number);
                flooded.push(tokens::give(state, token)?);
            }
            ends(state).flooded = flooded.iter().map(Resource::rep).collect();
            StreamReader::new(access, Flood(flooded))
        })
    }

    async fn promise(
        accessor: &Accessor<host::State, Self>,
    ) -> Result<FutureReader<Resource<Token>>> {
        accessor.with(|mut access| {
            let (feed, reader) = Feed::future(&mut access)?;
            ends(access.get()).promised = Some(feed);
            Ok(reader)
        })
    }

    async fn receive(
        accessor: &Accessor<host::State, Self>,
        tokens: StreamReader<Resource<Token>>,
    ) -> Result<()> {
        accessor.with(|mut access| {
            let sink = Sink::stream(&mut access, tokens)?;
            ends(access.get()).received = Some(sink);
            Ok(())
        })
    }

    async fn accept(accessor: &Accessor<host::State, Self>, most: u32) -> Result<Vec<u32>> {
        let read = read(accessor, most).await?;
        Ok(read.iter().map(tokens::Kind::number).collect())
    }

    async fn accept_back(
        accessor: &Accessor<host::State, Self>,
        most: u32,
    ) -> Result<Vec<Resource<Token>>> {
        let read = read(accessor, most).await?;
        accessor.with(|mut access| {
            let give = |token| tokens::give(access.get(), token);
            read.into_iter().map(give).collect()
        })
    }

    async fn expect(
        accessor: &Accessor<host::State, Self>,
        value: FutureReader<Resource<Token>>,
    ) -> Result<()> {
        accessor.with(|mut access| ends(access.get()).expected = Some(value));
        Ok(())
    }

    async fn expected(accessor: &Accessor<host::State, Self>) -> Result<u32> {
        let token = read_expected(accessor).await?;
        Ok(tokens::Kind::number(&token))
    }

    async fn expected_back(accessor: &Accessor<host::State, Self>) -> Result<Resource<Token>> {
        let token = read_expected(accessor).await?;
        accessor.with(|mut access| tokens::give(access.get(), token))
    }

    async fn refuse_expected(accessor: &Accessor<host::State, Self>) -> Result<()> {
        accessor.with(|mut access| {
            let reader = ends(access.get()).expected.take();
            reader.context("`expect` comes first")?.close(access)
        })
    }

    async fn pass_stream(
        _: &Accessor<host::State, Self>,
        tokens: StreamReader<Resource<Token>>,
    ) -> Result<StreamReader<Resource<Token>>> {
        Ok(tokens)
    }

    async fn pass_future(
        _: &Accessor<host::State, Self>,
        value: FutureReader<Resource<Token>>,
    ) -> Result<FutureReader<Resource<Token>>> {
        Ok(value)
    }
}

/// Hands over all that it has, however little is asked for.
struct Flood(Vec<Resource<Token>>);

impl StreamProducer<host::State> for Flood {
    type Item = Resource<Token>;
    type Buffer = VecBuffer<Resource<Token>>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: StoreContextMut<'a, host::State>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        _: bool,
    ) -> Poll<Result<StreamResult>> {
        let all = std::mem::take(&mut self.0);
        destination.set_buffer(all.into());
        Poll::Ready(Ok(StreamResult::Dropped))
    }
}
