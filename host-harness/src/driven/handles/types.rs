//! The types of resources, compared at run time.

use wasmtime::Result;
use wasmtime::component::{ResourceAny, ResourceType};

use super::methods::{label, tool};
use crate::driven::{Rig, refused};
use crate::peers::handles::Thing;

pub async fn within(rig: &mut Rig<'_>) -> Result<()> {
    let instance = rig.instance;
    let ty = rig.resource_of(instance, "tool")?;
    let first = tool(rig, "a").await?;
    let (second,): (ResourceAny,) = rig.call("[static]tool.forge", ("b".to_owned(),)).await?;
    assert!(first.ty() == ty && second.ty() == ty);
    let (case,): (ResourceAny,) = rig.call("[constructor]box", ()).await?;
    assert!(case.ty() != ty);
    assert!(case.ty() == rig.resource_of(instance, "box")?);
    assert!(rig.resource_of(instance, "thing")? == ResourceType::host::<Thing>());
    for resource in [first, second, case] {
        rig.destroy(resource).await?;
    }
    Ok(())
}

pub async fn across(rig: &mut Rig<'_>) -> Result<()> {
    let (here, there) = (rig.instance, rig.another_instance().await?);
    for name in ["tool", "box", "operation", "chest"] {
        let types = (rig.resource_of(here, name)?, rig.resource_of(there, name)?);
        assert!(types.0 != types.1, "the `{name}` of two instances");
    }
    let things = (
        rig.resource_of(here, "thing")?,
        rig.resource_of(there, "thing")?,
    );
    assert!(things.0 == things.1, "what both import");

    let ours = tool(rig, "ours").await?;
    let (theirs,): (ResourceAny,) = rig
        .call_of(there, "[constructor]tool", ("theirs".to_owned(),))
        .await?;
    assert!(ours.ty() != theirs.ty());
    let (label,): (String,) = rig.call_of(there, "[method]tool.label", (theirs,)).await?;
    assert_eq!(label, "theirs");
    assert_eq!(rig.count("tool"), (2, 0));
    rig.destroy(ours).await?;
    // A handle knows its instance.
    rig.destroy(theirs).await
}

pub async fn of_another(rig: &mut Rig<'_>) -> Result<()> {
    let there = rig.another_instance().await?;
    let (theirs,): (ResourceAny,) = rig
        .call_of(there, "[constructor]tool", ("theirs".to_owned(),))
        .await?;
    label(rig, theirs).await?;
    Ok(())
}

pub async fn stores(rig: &mut Rig<'_>) -> Result<()> {
    let ours = tool(rig, "ours").await?;
    rig.in_another_store(async |other| {
        let instance = other.instance;
        assert!(ours.ty() != other.resource_of(instance, "tool")?);
        let called = label(other, ours).await;
        refused(called, "mismatched resource types")
    })
    .await?;
    assert_eq!(label(rig, ours).await?, "ours");
    rig.destroy(ours).await
}

pub async fn destroyed_elsewhere(rig: &mut Rig<'_>) -> Result<()> {
    let ours = tool(rig, "ours").await?;
    rig.in_another_store(async |other| {
        let theirs = tool(other, "theirs").await?;
        // wasmtime 48 looks for it by its place, and not by its store.
        other.destroy(ours).await?;
        assert_eq!(other.count("tool"), (2, 1));
        let again = other.destroy(theirs).await;
        refused(again, "unknown handle index")
    })
    .await?;
    assert_eq!(rig.count("tool"), (2, 1));
    assert_eq!(label(rig, ours).await?, "ours");
    rig.destroy(ours).await
}
