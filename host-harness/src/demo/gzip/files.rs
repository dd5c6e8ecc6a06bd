//! Which file is read, and where the result goes.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use tempfile::NamedTempFile;

/// The two files, checked, and the directories that the guests are given.
#[derive(Debug)]
pub struct Files {
    /// The input as it was given.
    pub input: PathBuf,
    /// The directory that really holds the input, whatever links led there:
    /// the guest cannot follow one that leads out of the directory it is given.
    pub input_directory: PathBuf,
    /// The name of the input in that directory.
    pub input_name: String,
    /// The name of the input as it was given, without directory.
    pub header_name: String,
    /// How many bytes the input has.
    pub size: u64,
    /// The output as it was given.
    pub output: PathBuf,
    /// The directory that will really hold the output.
    pub output_directory: PathBuf,
    /// The file that is made or replaced.
    destination: PathBuf,
    permissions: Permissions,
    replace: bool,
}

impl Files {
    /// Finds out whether the job can be done, without touching anything.
    pub fn check(file: &Path, output: Option<&Path>, replace: bool) -> Result<Files> {
        let cannot_read = || format!("cannot read {}", file.display());
        let metadata = fs::metadata(file).with_context(cannot_read)?;
        only_regular(&metadata).with_context(|| format!("cannot compress {}", file.display()))?;
        let real = fs::canonicalize(file).with_context(cannot_read)?;
        let name_of = |path: &Path| -> Result<String> {
            let name = path
                .file_name()
                .context("it has no name")
                .with_context(cannot_read)?;
            let name = name
                .to_str()
                .context("its name is not UTF-8, as the WASI filesystem wants it");
            Ok(name.with_context(cannot_read)?.to_owned())
        };

        let output = match output {
            Some(output) => output.to_owned(),
            None => {
                let mut name = OsString::from(file);
                name.push(".gz");
                name.into()
            }
        };
        let destination = destination(&output, &real, replace)
            .with_context(|| format!("cannot write {}", output.display()))?;
        Ok(Files {
            input: file.to_owned(),
            input_directory: directory_of(&real).to_owned(),
            input_name: name_of(&real)?,
            header_name: name_of(file)?,
            size: metadata.len(),
            output,
            output_directory: directory_of(&destination).to_owned(),
            destination,
            permissions: metadata.permissions(),
            replace,
        })
    }

    /// Makes an empty file beside the output, under another name.
    pub fn create_target(&self) -> Result<Target> {
        tempfile::Builder::new()
            .prefix(".gzip-")
            .suffix(".part")
            .tempfile_in(&self.output_directory)
            .map(Target)
            .map_err(|error| match error.kind() {
                io::ErrorKind::Other => self.cannot_write(&error),
                // Without the name of the temporary file, which means nothing to anybody.
                kind => self.cannot_write(&kind),
            })
    }

    /// That the output cannot be written, and why.
    pub fn cannot_write(&self, cause: &impl Display) -> anyhow::Error {
        anyhow!("cannot write {}: {cause}", self.output.display())
    }
}

/// The file that the result is written to until it is complete. It is removed
/// when it is dropped before that.
#[derive(Debug)]
pub struct Target(NamedTempFile);

impl Target {
    /// Its name in the directory of the output.
    pub fn name(&self) -> Result<String> {
        let name = self.0.path().file_name().and_then(|name| name.to_str());
        name.map(str::to_owned)
            .context("the temporary file has no name in UTF-8")
    }

    /// Gives it the name of the output, and the permissions of the input.
    pub fn publish(self, files: &Files) -> Result<()> {
        self.0
            .as_file()
            .set_permissions(files.permissions.clone())
            .map_err(|error| files.cannot_write(&error))?;
        let published = match files.replace {
            true => self.0.persist(&files.destination),
            // Somebody else may have made the file since we looked.
            false => self.0.persist_noclobber(&files.destination),
        };
        published
            .map(drop)
            .map_err(|error| files.cannot_write(&error.error))
    }
}

/// The file that `output` stands for: itself, or what it is a link to.
fn destination(output: &Path, input: &Path, replace: bool) -> Result<PathBuf> {
    let text = output.as_os_str().as_encoded_bytes();
    if output.file_name().is_none() || text.last().is_some_and(|last| is_separator(*last)) {
        bail!("that names a directory; name the file to write");
    }
    match fs::symlink_metadata(output) {
        Ok(_) => existing(output, input, replace),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let directory = directory_of(output);
            let metadata = fs::metadata(directory)
                .with_context(|| format!("its directory {}", directory.display()))?;
            if !metadata.is_dir() {
                bail!("{} is not a directory", directory.display());
            }
            Ok(output.to_owned())
        }
        Err(error) => Err(error.into()),
    }
}

/// An output that is there already.
fn existing(output: &Path, input: &Path, replace: bool) -> Result<PathBuf> {
    let destination = fs::canonicalize(output)
        .context("it is a symbolic link that leads nowhere; remove it or name another file")?;
    let metadata = fs::metadata(&destination)?;
    if destination == input {
        bail!("that is the file to compress; name another with -o");
    }
    only_regular(&metadata)?;
    if !replace {
        bail!("it exists; use --force to replace it, or name another file with -o");
    }
    // Renaming would replace it all the same, against its owner's wish.
    if metadata.permissions().readonly() {
        bail!("it exists and is read-only; make it writable, or name another file with -o");
    }
    Ok(destination)
}

fn only_regular(metadata: &Metadata) -> Result<()> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => bail!("it is a directory, expected a regular file"),
        _ => bail!("it is a device, pipe or socket, expected a regular file"),
    }
}

/// The directory that holds `path`; the current one where `path` is a mere name.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

fn is_separator(byte: u8) -> bool {
    std::path::is_separator(byte.into())
}
