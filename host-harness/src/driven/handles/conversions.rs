//! Typed and untyped handles.

use wasmtime::Result;
use wasmtime::component::{Resource, ResourceAny, ResourceType};

use super::methods::tool;
use crate::driven::{Rig, refused};
use crate::peers::handles::Thing;

/// Another type of resources of the host.
#[derive(Debug)]
struct Other;

fn thing(rig: &mut Rig<'_>) -> Result<Resource<Thing>> {
    Thing::make(rig.store.data_mut(), 7)
}

fn destroy(rig: &mut Rig<'_>, thing: Resource<Thing>) -> Result<()> {
    Thing::destroy(rig.store.data_mut(), thing)
}

pub async fn there_and_back(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let any = ResourceAny::try_from_resource(thing, &mut *rig.store)?;
    assert!(any.owned() && any.ty() == ResourceType::host::<Thing>());
    let (number,): (u32,) = rig.call("peek", (any,)).await?;
    assert_eq!(number, 7);
    let (any,): (ResourceAny,) = rig.call("pass", (any,)).await?;
    let thing = any.try_into_resource::<Thing>(&mut *rig.store)?;
    assert_eq!(Thing::number(rig.store.data_mut(), &thing)?, 7);
    assert_eq!(rig.count("thing"), (1, 0));
    destroy(rig, thing)
}

pub async fn typed(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let lent = Resource::<Thing>::new_borrow(thing.rep());
    let (number,): (u32,) = rig.call("peek", (lent,)).await?;
    assert_eq!(number, 7);
    let (thing,): (Resource<Thing>,) = rig.call("pass", (thing,)).await?;
    destroy(rig, thing)
}

pub async fn wrong_type(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let any = ResourceAny::try_from_resource(thing, &mut *rig.store)?;
    let other = any.try_into_resource::<Other>(&mut *rig.store);
    refused(other, "resource type mismatch")?;
    let dynamic = any.try_into_resource_dynamic(&mut *rig.store);
    refused(dynamic, "resource type mismatch")?;
    let tool = tool(rig, "a").await?;
    let thing = tool.try_into_resource::<Thing>(&mut *rig.store);
    refused(thing, "resource type mismatch")?;

    // Both are what they were.
    rig.destroy(tool).await?;
    let thing = any.try_into_resource::<Thing>(&mut *rig.store)?;
    destroy(rig, thing)
}

pub async fn twice(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let any = ResourceAny::try_from_resource(thing, &mut *rig.store)?;
    let thing = any.try_into_resource::<Thing>(&mut *rig.store)?;
    let again = any.try_into_resource::<Thing>(&mut *rig.store);
    refused(again, "unknown handle index")?;
    let dropped = rig.destroy(any).await;
    refused(dropped, "unknown handle index")?;
    assert_eq!(rig.count("thing"), (1, 0));
    destroy(rig, thing)
}

/// Passes a handle through the guest, and keeps what it was given as.
async fn give(
    rig: &mut Rig<'_>,
    thing: Resource<Thing>,
) -> Result<(Resource<Thing>, Resource<Thing>)> {
    // By reference, because bindings that take it leave nothing that could be used twice.
    let pass = rig.function::<(&Resource<Thing>,), (Resource<Thing>,)>("pass")?;
    let (back,) = pass.call_async(&mut *rig.store, (&thing,)).await?;
    assert_eq!(back.rep(), thing.rep());
    Ok((thing, back))
}

pub async fn typed_converted(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let (given, back) = give(rig, thing).await?;
    let any = ResourceAny::try_from_resource(given, &mut *rig.store);
    refused(any, "host resource already consumed")?;
    destroy(rig, back)
}

pub async fn typed_twice(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let (given, _back) = give(rig, thing).await?;
    give(rig, given).await?;
    Ok(())
}

/// Passes a handle where an owned one is expected.
async fn pass(rig: &mut Rig<'_>, handle: ResourceAny) -> Result<()> {
    rig.call::<_, (ResourceAny,)>("pass", (handle,)).await?;
    Ok(())
}

pub async fn typed_borrow(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let lent = Resource::<Thing>::new_borrow(thing.rep());
    rig.call::<_, (ResourceAny,)>("pass", (lent,)).await?;
    Ok(())
}

pub async fn untyped_borrow(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let lent = Resource::<Thing>::new_borrow(thing.rep());
    let (number,): (u32,) = rig.call("peek-untyped", (lent,)).await?;
    assert_eq!(number, 7);
    assert_eq!(rig.count("thing"), (1, 0));
    destroy(rig, thing)
}

pub async fn borrow_outside(rig: &mut Rig<'_>) -> Result<()> {
    let thing = thing(rig)?;
    let lent = Resource::<Thing>::new_borrow(thing.rep());
    let lent = ResourceAny::try_from_resource(lent, &mut *rig.store);
    refused(lent, "no current scope")?;
    destroy(rig, thing)
}

/// A box of the guest.
async fn case(rig: &mut Rig<'_>) -> Result<ResourceAny> {
    let (case,) = rig.call("[constructor]box", ()).await?;
    Ok(case)
}

pub async fn box_as_tool(rig: &mut Rig<'_>) -> Result<()> {
    let (first, second) = (case(rig).await?, case(rig).await?);
    rig.call("[method]box.put", (first, second)).await
}

pub async fn box_called_as_tool(rig: &mut Rig<'_>) -> Result<()> {
    let case = case(rig).await?;
    rig.call::<_, (String,)>("[method]tool.label", (case,))
        .await?;
    Ok(())
}

pub async fn tool_as_thing(rig: &mut Rig<'_>) -> Result<()> {
    let tool = tool(rig, "a").await?;
    pass(rig, tool).await
}

pub async fn other_as_thing(rig: &mut Rig<'_>) -> Result<()> {
    let other = Resource::<Other>::new_own(1);
    let other = ResourceAny::try_from_resource(other, &mut *rig.store)?;
    pass(rig, other).await
}
