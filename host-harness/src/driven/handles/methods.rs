//! Constructors, methods and static functions.

use wasmtime::Result;
use wasmtime::component::ResourceAny;

use crate::driven::Rig;

/// A tool of this label.
pub async fn tool(rig: &mut Rig<'_>, label: &str) -> Result<ResourceAny> {
    let (tool,) = rig
        .call::<_, (ResourceAny,)>("[constructor]tool", (label.to_owned(),))
        .await?;
    assert!(tool.owned(), "a constructor returns an owned handle");
    Ok(tool)
}

/// What the tool says its label is.
pub async fn label(rig: &mut Rig<'_>, tool: ResourceAny) -> Result<String> {
    let (label,) = rig.call("[method]tool.label", (tool,)).await?;
    Ok(label)
}

pub async fn constructor(rig: &mut Rig<'_>) -> Result<()> {
    let tool = tool(rig, "hammer").await?;
    assert_eq!(rig.count("tool"), (1, 0));
    rig.destroy(tool).await?;
    assert_eq!(rig.count("tool"), (1, 1));
    Ok(())
}

pub async fn methods(rig: &mut Rig<'_>) -> Result<()> {
    let tool = tool(rig, "hammer").await?;
    assert_eq!(label(rig, tool).await?, "hammer");
    rig.call::<_, ()>("[method]tool.rename", (tool, "saw".to_owned()))
        .await?;
    let prefix = "a ".to_owned();
    let (text,): (String,) = rig.call("[method]tool.describe", (tool, prefix)).await?;
    assert_eq!(text, "a saw");
    assert_eq!(rig.count("tool"), (1, 0), "a method only borrows");
    rig.destroy(tool).await
}

pub async fn statics(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    let (b,): (ResourceAny,) = rig.call("[static]tool.forge", ("b".to_owned(),)).await?;
    for name in ["[static]tool.join", "[static]tool.join-later"] {
        let (ab,): (ResourceAny,) = rig.call(name, (a, b)).await?;
        assert_eq!(label(rig, ab).await?, "ab");
        rig.destroy(ab).await?;
    }
    assert_eq!(rig.count("tool"), (4, 2), "`join` only borrows");

    let (melted,): (ResourceAny,) = rig.call("[static]tool.melt", (a, b)).await?;
    assert_eq!(rig.count("tool"), (5, 4), "`melt` destroys both");
    assert_eq!(label(rig, melted).await?, "ab");
    rig.destroy(melted).await
}

pub async fn lent_twice(rig: &mut Rig<'_>) -> Result<()> {
    let a = tool(rig, "a").await?;
    for name in ["[static]tool.join", "[static]tool.join-later"] {
        let (aa,): (ResourceAny,) = rig.call(name, (a, a)).await?;
        assert_eq!(label(rig, aa).await?, "aa");
        rig.destroy(aa).await?;
    }
    rig.destroy(a).await
}

pub async fn in_another(rig: &mut Rig<'_>) -> Result<()> {
    let (case,): (ResourceAny,) = rig.call("[constructor]box", ()).await?;
    let a = tool(rig, "a").await?;
    rig.call::<_, ()>("[method]box.put", (case, a)).await?;
    let (taken,): (Option<ResourceAny>,) = rig.call("[method]box.take", (case,)).await?;
    let taken = taken.expect("it was put there");
    assert_eq!(label(rig, taken).await?, "a");
    let (none,): (Option<ResourceAny>,) = rig.call("[method]box.take", (case,)).await?;
    assert!(none.is_none());

    rig.call::<_, ()>("[method]box.put", (case, taken)).await?;
    assert_eq!(rig.count("tool"), (1, 0));
    rig.destroy(case).await?;
    assert_eq!(rig.count("box"), (1, 1));
    assert_eq!(rig.count("tool"), (1, 1), "it dies with the box");
    Ok(())
}
