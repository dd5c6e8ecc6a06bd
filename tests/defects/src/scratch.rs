//! A copy of the repository that may be broken.
//!
//! It is kept between runs, with what was built in it, and a file is written only
//! where it differs: so cargo rebuilds what a defect touches and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

/// Neither copied nor touched: what is built, history, and the mark.
const LEFT_OUT: [&str; 3] = ["target", ".git", MARK];
/// A file that says that this tool made the copy.
const MARK: &str = ".copy-that-may-be-broken";
/// Where the guests are, below the root of the repository.
const GUESTS: &str = "guest-tests";
/// A crate of theirs that every guest uses.
const SUPPORT: &str = "support";

/// The copy.
pub struct Scratch {
    root: PathBuf,
    /// What it is a copy of.
    source: PathBuf,
}

impl Scratch {
    /// Makes `root` the same as the tree `source`: what else is in it is removed.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written; when `root` is in the tree, or something is
    /// in it that this did not put there.
    pub fn mirror(source: &Path, root: &Path) -> Result<Scratch> {
        let place = std::path::absolute(root)?;
        let tree = std::path::absolute(source)?;
        ensure!(
            !place.starts_with(&tree) || place.starts_with(tree.join("target")),
            "{} is in the repository, which is not to be broken",
            root.display()
        );
        let is_in_use = fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some());
        ensure!(
            !is_in_use || root.join(MARK).exists(),
            "{} is in use, and no copy that this tool made: what is in it would be removed",
            root.display()
        );
        fs::create_dir_all(root).with_context(|| format!("could not make {}", root.display()))?;
        same_file(b"", &root.join(MARK))?;
        same_directory(source, root)?;
        Ok(Scratch {
            root: root.to_owned(),
            source: source.to_owned(),
        })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The workspace of the guests.
    pub fn guests(&self) -> PathBuf {
        self.root.join(GUESTS)
    }

    /// Puts `text` in place of a file.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        same_file(text.as_bytes(), &self.root.join(file))
    }

    /// Leaves only the guests of `themes` in the workspace, because the others
    /// would be built too.
    ///
    /// # Errors
    ///
    /// When the manifest is not that of a workspace.
    pub fn narrow(&self, themes: &BTreeSet<&str>) -> Result<()> {
        let manifest = self.source.join(GUESTS).join("Cargo.toml");
        let mut table: Table = fs::read_to_string(&manifest)?.parse()?;
        let members = table
            .get_mut("workspace")
            .and_then(|workspace| workspace.get_mut("members"))
            .and_then(Value::as_array_mut)
            .with_context(|| format!("{} has no list of members", manifest.display()))?;
        members.retain(|member| {
            let theme = member.as_str().and_then(|path| path.split('/').next());
            theme.is_some_and(|theme| theme == SUPPORT || themes.contains(theme))
        });
        self.write(&format!("{GUESTS}/Cargo.toml"), &table.to_string())
    }
}

fn same_directory(source: &Path, copy: &Path) -> Result<()> {
    fs::create_dir_all(copy).with_context(|| format!("could not make {}", copy.display()))?;
    let mut names = BTreeSet::new();
    for entry in
        fs::read_dir(source).with_context(|| format!("could not read {}", source.display()))?
    {
        let entry = entry?;
        let name = entry.file_name();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let target = copy.join(&name);
        if entry.file_type()?.is_dir() {
            same_directory(&entry.path(), &target)?;
        } else {
            let content = fs::read(entry.path())
                .with_context(|| format!("could not read {}", entry.path().display()))?;
            same_file(&content, &target)?;
        }
        names.insert(name);
    }
    for entry in fs::read_dir(copy)? {
        let entry = entry?;
        let name = entry.file_name();
        if names.contains(&name) || LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let gone = entry.path();
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(&gone)
        } else {
            fs::remove_file(&gone)
        }
        .with_context(|| format!("could not remove {}", gone.display()))?;
    }
    Ok(())
}

fn same_file(content: &[u8], copy: &Path) -> Result<()> {
    if fs::read(copy).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(copy, content).with_context(|| format!("could not write {}", copy.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that goes with this.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Temporary {
            let place = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&place).unwrap();
            Temporary(place)
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_somebody_else_put_there_stays() {
        let place = Temporary::new("wit-async-scratch");
        let (tree, other) = (place.0.join("tree"), place.0.join("other"));
        for directory in [&tree, &other] {
            fs::create_dir(directory).unwrap();
            fs::write(directory.join("file"), "text").unwrap();
        }
        assert!(Scratch::mirror(&tree, &other).is_err());
        assert!(Scratch::mirror(&tree, &tree.join("inside")).is_err());
        assert_eq!(fs::read_to_string(other.join("file")).unwrap(), "text");
        // A copy is brought up to date.
        let copy = place.0.join("copy");
        Scratch::mirror(&tree, &copy).unwrap();
        fs::write(copy.join("more"), "text").unwrap();
        Scratch::mirror(&tree, &copy).unwrap();
        assert!(copy.join("file").exists() && !copy.join("more").exists());
        // What is built may be in the tree.
        Scratch::mirror(&tree, &tree.join("target").join("copy")).unwrap();
    }
}
