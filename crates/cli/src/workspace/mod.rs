//! Which workspace is meant: its root, its profile, its slot.

mod profile;
mod root;

use std::path::{Path, PathBuf};

use tenure_core::id::{Key, Namespace};
use tenure_core::kind::Kind;
use tenure_store::Slot;

pub(crate) use profile::{ProfileName, Profiles};
pub(crate) use root::root_of;

use crate::args::options::Options;
use crate::args::workspace::PlaceArgs;
use tenure_words::{Problem, shown};

/// Stands between a workspace's root and its profile in the slot's key. No profile's name holds it.
const BETWEEN: char = '#';

/// A workspace: a directory and a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// The canonical git top level, else the canonical directory.
    pub(crate) root: String,
    /// The profile.
    pub(crate) profile: ProfileName,
    /// The slot's name.
    pub(crate) key: Key,
    /// The tenant.
    pub(crate) namespace: Namespace,
}

impl Workspace {
    /// The workspace that the options and the working directory mean.
    pub(crate) fn find(options: &Options, place: &PlaceArgs) -> Result<Self, Problem> {
        let profile = profile(options, place)?;
        let directory = directory(options, place)?;
        let root = root_of(&directory).map_err(|error| {
            let what = format!("find the workspace {}", shown(&directory));
            Problem::failure("WORKSPACE_NOT_FOUND", what).because(error)
        })?;
        Self::new(&root, profile, options.namespace.value.clone())
    }

    fn new(root: &Path, profile: ProfileName, namespace: Namespace) -> Result<Self, Problem> {
        let no = |why: &str| {
            let what = format!("name the workspace {}", shown(root));
            Problem::failure("WORKSPACE_NOT_FOUND", what).detail(why)
        };
        let root = root.to_str().ok_or_else(|| no("its path is not UTF-8"))?;
        let key = Key::parse(&format!("{root}{BETWEEN}{profile}"))
            .map_err(|_too_long| no("its path is too long"))?;
        Ok(Self { root: root.to_owned(), profile, key, namespace })
    }

    /// Where its session is.
    pub(crate) fn slot(&self) -> Slot {
        Slot { namespace: self.namespace.clone(), kind: Kind::Workspace, key: self.key.clone() }
    }
}

/// The profile that a workspace's key names.
pub(crate) fn profile_in(key: &Key) -> &str {
    key.as_str().rsplit_once(BETWEEN).map_or("", |(_, profile)| profile)
}

fn profile(options: &Options, place: &PlaceArgs) -> Result<ProfileName, Problem> {
    let name = match &place.profile {
        Some(text) => ProfileName::parse(text)?,
        None => options.profile.value.clone(),
    };
    Profiles::of(&options.home.value).require(&name)?;
    Ok(name)
}

fn directory(options: &Options, place: &PlaceArgs) -> Result<PathBuf, Problem> {
    let working = || {
        let missing = || Problem::failure("WORKSPACE_NOT_FOUND", "find the working directory");
        options.directory.clone().ok_or_else(missing)
    };
    match &place.path {
        Some(path) if path.is_absolute() => Ok(path.clone()),
        Some(path) => Ok(working()?.join(path)),
        None => working(),
    }
}
