//! Both ends in one component: the same text for each runtime.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::IntoFuture;
use std::pin::pin;

use futures::future::{join, join_all};
use futures::poll;

use crate::Pairs;
use crate::bindings::exports::test::pairs::payloads::{Color, Guest, GuestThing, Line, Thing};
use crate::bindings::test::pairs::vault::{self, Coin};
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{
    FutureReader, FutureWriter, StreamReader, StreamResult, StreamWriter, spawn_local,
};

thread_local! {
    static THINGS: Cell<u32> = const { Cell::new(0) };
}

/// A resource of this component.
pub struct OwnThing(String);

impl OwnThing {
    fn make(label: &str) -> Thing {
        THINGS.set(THINGS.get() + 1);
        Thing::new(OwnThing(label.to_owned()))
    }
}

impl Drop for OwnThing {
    fn drop(&mut self) {
        THINGS.set(THINGS.get() - 1);
    }
}

impl GuestThing for OwnThing {
    fn label(&self) -> String {
        self.0.clone()
    }
}

impl Guest for Pairs {
    type Thing = OwnThing;

    fn streams(
        _: StreamReader<String>,
        _: StreamReader<Line>,
        _: StreamReader<bool>,
        _: StreamReader<Color>,
        _: StreamReader<Coin>,
        _: StreamReader<Thing>,
        _: StreamReader<StreamReader<String>>,
    ) {
    }

    fn futures(
        _: FutureReader<String>,
        _: FutureReader<Line>,
        _: FutureReader<bool>,
        _: FutureReader<char>,
        _: FutureReader<Color>,
        _: FutureReader<Coin>,
        _: FutureReader<Thing>,
        _: FutureReader<StreamReader<String>>,
    ) {
    }
}

/// The words `a`, `b`, `c`.
pub fn words() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

fn lines() -> Vec<Line> {
    let line = |number, words| Line { number, words };
    vec![line(1, words()), line(2, vec![]), line(3, words())]
}

fn coins() -> Vec<Coin> {
    words().iter().map(|word| Coin::new(word)).collect()
}

fn things() -> Vec<Thing> {
    words().iter().map(|word| OwnThing::make(word)).collect()
}

fn label(thing: &Thing) -> String {
    thing.get::<OwnThing>().0.clone()
}

/// Three items, three times: each way that a read and a write can meet.
async fn passes<T: 'static, S: PartialEq + Debug>(
    (mut writer, mut reader): (StreamWriter<T>, StreamReader<T>),
    make: impl Fn() -> Vec<T>,
    see: impl Fn(&T) -> S,
) {
    let see_all = |items: &[T]| items.iter().map(&see).collect::<Vec<_>>();
    let all = see_all(&make());

    // The writer waits, and is read in parts.
    {
        let mut write = pin!(writer.write(make()));
        assert!(poll!(write.as_mut()).is_pending(), "nobody reads");
        let (result, first) = reader.read(Vec::with_capacity(2)).await;
        assert_eq!(result, StreamResult::Complete(2));
        assert_eq!(see_all(&first), all[..2]);
        let (result, rest) = write.await;
        assert_eq!(result, StreamResult::Complete(2));
        assert_eq!(see_all(&rest.into_vec()), all[2..]);
    }

    // The reader waits, and has room for more.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(8)));
        assert!(poll!(read.as_mut()).is_pending(), "nobody writes");
        assert!(writer.write_all(make()).await.is_empty());
        let (result, items) = read.await;
        assert_eq!(result, StreamResult::Complete(3));
        assert_eq!(see_all(&items), all);
    }

    // One by one, from a task that is spawned, to the end.
    let items = make();
    spawn_local(async move {
        for item in items {
            assert!(writer.write_one(item).await.is_none());
        }
    });
    assert_eq!(see_all(&reader.collect().await), all);
}

/// A value, each way that a read and a write can meet.
async fn passes_value<T: 'static, S: PartialEq + Debug>(
    ends: impl Fn() -> (FutureWriter<T>, FutureReader<T>),
    make: impl Fn() -> T,
    see: impl Fn(&T) -> S,
) {
    let expected = see(&make());

    let (writer, reader) = ends();
    let mut write = pin!(writer.write(make()));
    assert!(poll!(write.as_mut()).is_pending(), "nobody reads");
    assert_eq!(see(&reader.await), expected);
    write.await.expect("the value was read");

    let (writer, reader) = ends();
    let mut read = pin!(reader.into_future());
    assert!(poll!(read.as_mut()).is_pending(), "nobody writes");
    writer.write(make()).await.expect("a read is in flight");
    assert_eq!(see(&read.await), expected);
}

fn nothing_is_left() {
    assert_eq!((vault::coins(), THINGS.get()), (0, 0));
}

pub async fn stream_of_strings() {
    passes(wit_stream::new(), words, String::clone).await;
}

pub async fn stream_of_records() {
    passes(wit_stream::new(), lines, |line| {
        (line.number, line.words.clone())
    })
    .await;
}

pub async fn stream_of_bools() {
    passes(wit_stream::new(), || vec![true, false, true], |item| *item).await;
}

pub async fn stream_of_enums() {
    passes(
        wit_stream::new(),
        || vec![Color::Blue, Color::Red, Color::Green],
        |item| *item,
    )
    .await;
}

pub async fn stream_of_imported_resources() {
    passes(wit_stream::new(), coins, Coin::label).await;
    nothing_is_left();
}

pub async fn stream_of_exported_resources() {
    passes(wit_stream::new(), things, label).await;
    nothing_is_left();
}

/// A stream of words that is being written, from a task that is spawned.
fn stream() -> StreamReader<String> {
    let (mut writer, reader) = wit_stream::new();
    spawn_local(async move {
        assert!(writer.write_all(words()).await.is_empty());
    });
    reader
}

pub async fn stream_of_streams() {
    let (mut writer, mut reader) = wit_stream::new();
    // Nothing waits in the inner ones, a write, a read of which one part was taken.
    let (mut late, unwritten) = wit_stream::new();
    let begun = stream();
    crate::runtime::yield_async().await;
    let mut read_in_part = stream();
    assert_eq!(read_in_part.next().await.as_deref(), Some("a"));
    let (rest, received) = join(
        writer.write_all(vec![unwritten, begun, read_in_part]),
        async {
            let mut received = Vec::new();
            for _ in 0..3 {
                received.push(reader.next().await.expect("three are written"));
            }
            received
        },
    )
    .await;
    assert!(rest.is_empty());
    let collect = received.into_iter().map(|stream| stream.collect());
    let (items, ()) = join(join_all(collect), async move {
        assert!(late.write_all(words()).await.is_empty());
    })
    .await;
    assert_eq!(items, [words(), words(), words()[1..].to_vec()]);
}

pub async fn future_of_strings() {
    passes_value(
        || wit_future::new(never),
        || "value".to_owned(),
        String::clone,
    )
    .await;
}

pub async fn future_of_records() {
    let ends = || wit_future::new(never);
    let make = || lines().swap_remove(0);
    passes_value(ends, make, |line: &Line| (line.number, line.words.clone())).await;
}

pub async fn future_of_bools() {
    passes_value(|| wit_future::new(never), || true, |value| *value).await;
}

pub async fn future_of_chars() {
    passes_value(|| wit_future::new(never), || 'x', |value| *value).await;
}

pub async fn future_of_enums() {
    passes_value(|| wit_future::new(never), || Color::Green, |value| *value).await;
}

pub async fn future_of_imported_resources() {
    passes_value(|| wit_future::new(never), || Coin::new("coin"), Coin::label).await;
    nothing_is_left();
}

pub async fn future_of_exported_resources() {
    passes_value(|| wit_future::new(never), || OwnThing::make("thing"), label).await;
    nothing_is_left();
}

pub async fn future_of_streams() {
    let (writer, reader) = wit_future::new(never);
    let (sent, words_of) = join(writer.write(stream()), reader.into_future()).await;
    sent.expect("it was read");
    assert_eq!(words_of.collect().await, words());
}

pub async fn default_of_future() {
    let (writer, reader) = wit_future::new(default);
    drop(writer);
    assert_eq!(reader.await, "default");

    let (writer, reader) = wit_future::new(default);
    let mut read = pin!(reader.into_future());
    assert!(poll!(read.as_mut()).is_pending(), "nobody writes");
    drop(writer);
    assert_eq!(read.await, "default");

    let (writer, reader) = wit_future::new(default);
    {
        let mut write = pin!(writer.write("other".to_owned()));
        assert!(poll!(write.as_mut()).is_pending(), "nobody reads");
    }
    assert_eq!(reader.await, "default");
}

fn default() -> String {
    "default".to_owned()
}

fn never<T>() -> T {
    unreachable!("the value is written")
}
