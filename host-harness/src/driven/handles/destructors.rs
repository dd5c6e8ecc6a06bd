//! Destructors that the host runs.

use wasmtime::Result;
use wasmtime::component::{FutureReader, ResourceAny, StreamReader};

use super::methods::{label, tool};
use super::moving;
use crate::driven::{Rig, refused};

pub async fn twice(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    let b = tool(rig, "b").await?;
    rig.destroy(a).await?;
    let again = rig.destroy(a).await;
    refused(again, "unknown handle index")?;

    let c = tool(rig, "c").await?;
    let again = rig.destroy(a).await;
    refused(again, "host-owned resource was already de-allocated")?;
    assert_eq!(label(rig, b).await? + &label(rig, c).await?, "bc");
    assert_eq!(rig.count("tool"), (3, 1));
    rig.destroy(b).await?;
    rig.destroy(c).await
}

pub async fn used(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    rig.destroy(a).await?;
    assert_eq!(rig.count("tool"), (1, 1));
    label(rig, a).await?;
    Ok(())
}

pub async fn replaced(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    rig.destroy(a).await?;
    let b = tool(rig, "b").await?;
    assert_eq!(label(rig, b).await?, "b");
    label(rig, a).await?;
    Ok(())
}

pub async fn closed(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    let b = tool(rig, "b").await?;
    rig.destroy(a).await?;
    let used = label(rig, a).await;
    refused(used, "unknown handle index")?;
    label(rig, b).await?;
    Ok(())
}

pub async fn synchronously(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    let destroyed = a.resource_drop(&mut *rig.store);
    refused(destroyed, "requires that `*_async` functions are used")?;
    assert_eq!(label(rig, a).await?, "a");
    rig.destroy(a).await
}

/// Who runs a destructor.
#[derive(Clone, Copy)]
enum By {
    /// The host, outside of all tasks.
    Host,
    /// A task of the guest, another one than that which began what is in flight.
    Task,
}

/// Destroys what holds something in flight, and lets what goes on behind come to its end.
async fn destroy(rig: &mut Rig<'_>, by: By, operation: ResourceAny) -> Result<()> {
    assert_eq!(rig.count("operation"), (1, 0));
    match by {
        By::Host => rig.destroy(operation).await?,
        By::Task => rig.call("drop-in-task", (operation,)).await?,
    }
    assert_eq!(rig.count("operation"), (1, 1));
    rig.turns(10).await
}

async fn drop_read_stream(rig: &mut Rig<'_>, by: By) -> Result<()> {
    let a = tool(rig, "a").await?;
    let (send, tools) = moving::gated(rig, a)?;
    let (operation,): (ResourceAny,) = rig.call("[static]operation.read-stream", (tools,)).await?;
    destroy(rig, by, operation).await?;
    // Nobody reads any more.
    drop(send);
    rig.turns(3).await?;
    assert_eq!(label(rig, a).await?, "a", "it was not taken");
    rig.destroy(a).await
}

async fn drop_read_future(rig: &mut Rig<'_>, by: By) -> Result<()> {
    let a = tool(rig, "a").await?;
    let (send, tool) = moving::gated_value(rig, a)?;
    let (operation,): (ResourceAny,) = rig.call("[static]operation.read-future", (tool,)).await?;
    destroy(rig, by, operation).await?;
    drop(send);
    rig.turns(3).await?;
    assert_eq!(label(rig, a).await?, "a", "it was not taken");
    rig.destroy(a).await
}

async fn drop_write_stream(rig: &mut Rig<'_>, by: By) -> Result<()> {
    let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
    let ((operation, tools),): ((ResourceAny, StreamReader<ResourceAny>),) = rig
        .call("[static]operation.write-stream", (labels,))
        .await?;
    assert_eq!(rig.count("tool"), (3, 0));
    destroy(rig, by, operation).await?;
    let taken = moving::take(rig, tools, 9).await?;
    assert!(taken.is_empty(), "the write was dropped");
    assert_eq!(rig.count("tool"), (3, 3));
    Ok(())
}

async fn drop_write_future(rig: &mut Rig<'_>, by: By) -> Result<()> {
    let ((operation, tool),): ((ResourceAny, FutureReader<ResourceAny>),) = rig
        .call("[static]operation.write-future", ("a".to_owned(),))
        .await?;
    assert_eq!(rig.count("tool"), (1, 0));
    destroy(rig, by, operation).await?;
    let tool = moving::value(rig, tool).await?;
    assert_eq!(label(rig, tool).await?, "default");
    assert_eq!(rig.count("tool"), (2, 1));
    rig.destroy(tool).await
}

/// How many calls of the store room wait.
async fn waiting(rig: &mut Rig<'_>) -> Result<u32> {
    let (waiting,) = rig.call("waiting", ()).await?;
    Ok(waiting)
}

async fn drop_call(rig: &mut Rig<'_>, by: By) -> Result<()> {
    let (operation,): (ResourceAny,) = rig.call("[static]operation.call", ()).await?;
    assert_eq!(waiting(rig).await?, 1, "the call is in flight");
    destroy(rig, by, operation).await?;
    assert_eq!(waiting(rig).await?, 0, "the call was cancelled");
    Ok(())
}

/// Each of these, by the host and by a task.
macro_rules! by_both {
    ($($drop:ident: $by_host:ident, $by_task:ident;)*) => {
        $(
            pub async fn $by_host(rig: &mut Rig<'_>) -> Result<()> {
                $drop(rig, By::Host).await
            }

            pub async fn $by_task(rig: &mut Rig<'_>) -> Result<()> {
                $drop(rig, By::Task).await
            }
        )*
    };
}

by_both! {
    drop_read_stream: read_stream, read_stream_in_task;
    drop_read_future: read_future, read_future_in_task;
    drop_write_stream: write_stream, write_stream_in_task;
    drop_write_future: write_future, write_future_in_task;
    drop_call: call, call_in_task;
}

/// A call in flight that a coin is lent to.
async fn with_loan(rig: &mut Rig<'_>) -> Result<ResourceAny> {
    let (operation,) = rig
        .call("[static]operation.call-with", ("coin".to_owned(),))
        .await?;
    assert_eq!(waiting(rig).await?, 1, "the call is in flight");
    assert_eq!(rig.count("coin"), (1, 0));
    Ok(operation)
}

pub async fn call_with_loan(rig: &mut Rig<'_>) -> Result<()> {
    let operation = with_loan(rig).await?;
    rig.destroy(operation).await
}

pub async fn call_with_loan_in_task(rig: &mut Rig<'_>) -> Result<()> {
    let operation = with_loan(rig).await?;
    destroy(rig, By::Task, operation).await?;
    assert_eq!(waiting(rig).await?, 0, "the call was cancelled");
    assert_eq!(rig.count("coin"), (1, 1));
    Ok(())
}

/// What the destructors were told that have run.
async fn last_words(rig: &mut Rig<'_>) -> Result<Vec<String>> {
    let (words,) = rig.call("last-words", ()).await?;
    Ok(words)
}

pub async fn by_itself(rig: &mut Rig<'_>) -> Result<()> {
    let (phoenix,): (ResourceAny,) = rig.call("[constructor]phoenix", ()).await?;
    rig.store.data_mut().peers.handles.again = Some(phoenix);
    rig.destroy(phoenix).await?;
    assert_eq!(last_words(rig).await?, ["unknown handle index 1"]);
    assert_eq!(rig.count("phoenix"), (1, 1));
    Ok(())
}

pub async fn traps(rig: &mut Rig<'_>) -> Result<()> {
    let (bomb,): (ResourceAny,) = rig.call("[constructor]bomb", ()).await?;
    let destroyed = rig.destroy(bomb).await;
    assert_eq!(rig.count("blast"), (1, 1), "it has run");
    let again = rig.destroy(bomb).await;
    refused(again, "unknown handle index")?;
    assert_eq!(rig.count("blast"), (1, 1), "it has not run again");
    destroyed
}

pub async fn uses_others(rig: &mut Rig<'_>) -> Result<()> {
    let (chest,): (ResourceAny,) = rig
        .call("[constructor]chest", ("treasure".to_owned(),))
        .await?;
    assert_eq!(rig.count("tool"), (2, 0));
    rig.destroy(chest).await?;
    let closings = rig.store.data().ledger.closings();
    assert_eq!(closings, ["coin", "tool", "tool", "box", "chest"]);
    assert_eq!(
        last_words(rig).await?,
        ["treasure", "treasure"],
        "of the coin and of the tool"
    );
    Ok(())
}
