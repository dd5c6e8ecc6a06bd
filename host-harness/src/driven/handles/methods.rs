//! Constructors, methods and static functions.

use wasmtime::Result;
use wasmtime::component::ResourceAny;

use crate::driven::Rig;

/// A tool of this label.
pub async fn tool(rig: &mut Rig<'_>, label: &str) -> Result<ResourceAny> {
    let (tool,) = rig
        .call::<_, (ResourceAny,)>("[constructor]tool", (label.to_owned(),))
        .await?;
    assert!(tool.owned());
    Ok(tool)
}

pub async fn constructor(rig: &mut Rig<'_>) -> Result<()> {
    let tool = tool(rig, "hammer").await?;
    assert_eq!(rig.count("tool"), (1, 0));
    rig.destroy(tool).await?;
    assert_eq!(rig.count("tool"), (1, 1));
    Ok(())
}
