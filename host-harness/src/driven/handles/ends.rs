//! Handles in streams and futures, out of the guest and into it.

use wasmtime::Result;
use wasmtime::component::{FutureReader, Resource, ResourceAny, StreamReader};

use super::methods::{label, tool};
use super::moving;
use crate::driven::Rig;
use crate::peers::handles::Thing;

fn words() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

/// A stream of tools of these words.
async fn tools(rig: &mut Rig<'_>) -> Result<StreamReader<ResourceAny>> {
    let (tools,) = rig.call("tools", (words(),)).await?;
    Ok(tools)
}

pub async fn stream_out(rig: &mut Rig<'_>) -> Result<()> {
    let tools = tools(rig).await?;
    let tools = moving::take(rig, tools, 9).await?;
    let mut labels = Vec::new();
    for tool in &tools {
        labels.push(label(rig, *tool).await?);
    }
    assert_eq!(labels, words());
    assert_eq!(rig.count("tool"), (3, 0));
    for tool in tools {
        rig.destroy(tool).await?;
    }
    Ok(())
}

pub async fn stream_in(rig: &mut Rig<'_>) -> Result<()> {
    let mut tools = Vec::new();
    for word in words() {
        tools.push(tool(rig, &word).await?);
    }
    let stream = StreamReader::new(&mut *rig.store, tools)?;
    let (labels,): (Vec<String>,) = rig.call("labels", (stream,)).await?;
    assert_eq!(labels, words());
    assert_eq!(rig.count("tool"), (3, 3), "the guest destroyed them");
    Ok(())
}

pub async fn stream_through(rig: &mut Rig<'_>) -> Result<()> {
    let tools = tools(rig).await?;
    let items = moving::take(rig, tools, 9).await?;
    let stream = StreamReader::new(&mut *rig.store, items)?;
    let (labels,): (Vec<String>,) = rig.call("labels", (stream,)).await?;
    assert_eq!(labels, words());
    assert_eq!(rig.count("tool"), (3, 3));
    Ok(())
}

pub async fn stream_out_in_part(rig: &mut Rig<'_>) -> Result<()> {
    let tools = tools(rig).await?;
    let taken = moving::take(rig, tools, 1).await?;
    rig.turns(10).await?;
    let [first] = taken[..] else {
        panic!("took {} instead of one", taken.len());
    };
    assert_eq!(rig.count("tool"), (3, 2), "the others came back");
    assert_eq!(label(rig, first).await?, "a");
    rig.destroy(first).await
}

pub async fn stream_out_unread(rig: &mut Rig<'_>) -> Result<()> {
    let mut tools = tools(rig).await?;
    rig.turns(3).await?;
    assert_eq!(rig.count("tool"), (3, 0));
    tools.close(&mut *rig.store)?;
    rig.turns(10).await?;
    assert_eq!(rig.count("tool"), (3, 3));
    Ok(())
}

pub async fn future_out(rig: &mut Rig<'_>) -> Result<()> {
    let (tool,): (FutureReader<ResourceAny>,) = rig.call("tool-later", ("a".to_owned(),)).await?;
    let tool = moving::value(rig, tool).await?;
    assert_eq!(label(rig, tool).await?, "a");
    rig.destroy(tool).await
}

pub async fn future_out_unread(rig: &mut Rig<'_>) -> Result<()> {
    let (mut tool,): (FutureReader<ResourceAny>,) =
        rig.call("tool-later", ("a".to_owned(),)).await?;
    tool.close(&mut *rig.store)?;
    rig.turns(10).await?;
    assert_eq!(rig.count("tool"), (1, 1));
    Ok(())
}

pub async fn future_in(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    let future = FutureReader::new(&mut *rig.store, async move { wasmtime::error::Ok(a) })?;
    let (label,): (String,) = rig.call("label-of", (future,)).await?;
    assert_eq!(label, "a");
    assert_eq!(rig.count("tool"), (1, 1));
    Ok(())
}

pub async fn ignored(rig: &mut Rig<'_>) -> Result<()> {
    let (a, b) = (tool(rig, "a").await?, tool(rig, "b").await?);
    let stream = StreamReader::new(&mut *rig.store, vec![a])?;
    let future = FutureReader::new(&mut *rig.store, async move { wasmtime::error::Ok(b) })?;
    rig.call::<_, ()>("ignore", (stream, future)).await?;
    rig.turns(10).await?;
    assert_eq!(rig.count("tool"), (2, 0), "nothing was taken");
    rig.destroy(a).await?;
    rig.destroy(b).await
}

pub async fn typed_stream_through(rig: &mut Rig<'_>) -> Result<()> {
    let mut things = Vec::new();
    for number in 1..=3 {
        things.push(Thing::make(rig.store.data_mut(), number)?);
    }
    let stream = StreamReader::new(&mut *rig.store, things)?;
    let (things,): (StreamReader<Resource<Thing>>,) = rig.call("things", (stream,)).await?;
    let things = moving::take(rig, things, 9).await?;
    assert_eq!(things.len(), 3);
    assert_eq!(rig.count("thing"), (3, 0));
    for (thing, number) in things.into_iter().zip(1..) {
        assert_eq!(Thing::number(rig.store.data_mut(), &thing)?, number);
        Thing::destroy(rig.store.data_mut(), thing)?;
    }
    Ok(())
}
