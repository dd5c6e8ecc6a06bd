//! What is lent to a call that is in flight.

use wasmtime::Result;
use wasmtime::component::{ResourceAny, TypedFunc};

use super::methods::{label, tool};
use crate::driven::{Rig, refused};

/// The call of `hold` on a tool, while something else is done. Then it is let go, and returns.
async fn while_held(
    rig: &mut Rig<'_>,
    tool: ResourceAny,
    act: impl AsyncFnOnce(&mut Rig<'_>) -> Result<()>,
) -> Result<()> {
    let hold: TypedFunc<(ResourceAny,), (String,)> = rig.function("[method]tool.hold")?;
    let call = hold.start_call_concurrent(&mut *rig.store, (tool,))?;
    // It comes to where it waits.
    rig.turns(3).await?;
    act(rig).await?;
    rig.call::<_, ()>("release", ()).await?;
    let held = rig
        .store
        .run_concurrent(async |accessor| hold.finish_call_concurrent(accessor, call).await);
    let (held,) = held.await??;
    assert_eq!(held, "a");
    Ok(())
}

pub async fn called(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    while_held(rig, a, async |rig| {
        assert_eq!(label(rig, a).await?, "a");
        let (text,): (String,) = rig
            .call("[method]tool.describe", (a, "an ".to_owned()))
            .await?;
        assert_eq!(text, "an a");
        Ok(())
    })
    .await?;
    rig.destroy(a).await
}

pub async fn destroyed(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    while_held(rig, a, async |rig| {
        let destroyed = rig.destroy(a).await;
        refused(destroyed, "cannot remove owned resource while borrowed")?;
        assert_eq!(rig.count("tool"), (1, 0));
        Ok(())
    })
    .await?;
    rig.destroy(a).await?;
    assert_eq!(rig.count("tool"), (1, 1));
    Ok(())
}

pub async fn transferred(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    let (case,): (ResourceAny,) = rig.call("[constructor]box", ()).await?;
    while_held(rig, a, async |rig| {
        rig.call("[method]box.put", (case, a)).await
    })
    .await
}

pub async fn transferred_after(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    let (case,): (ResourceAny,) = rig.call("[constructor]box", ()).await?;
    while_held(rig, a, async |_| Ok(())).await?;
    rig.call::<_, ()>("[method]box.put", (case, a)).await?;
    rig.destroy(case).await?;
    assert_eq!(rig.count("tool"), (1, 1));
    Ok(())
}

pub async fn given_twice(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    rig.call::<_, (ResourceAny,)>("[static]tool.melt", (a, a))
        .await?;
    Ok(())
}

pub async fn lent_and_given(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    rig.call::<_, ()>("[static]tool.lend-and-give", (a, a))
        .await
}
