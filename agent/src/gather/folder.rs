//! A watched folder: which files in it are whole, and where they go when they were taken.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Most files taken at one look.
const MOST_TAKEN: usize = 100;

/// Folder of files of which nothing was refused.
const DONE: &str = "done";

/// Folder of files of which something was refused, and of the reports that say what.
const REFUSED: &str = "refused";

/// Ends of the names that programs give to files they are still writing.
const PARTIAL: [&str; 9] =
    [".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".new", "~"];

/// What was seen of a folder so far. A file is whole when it stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    seen: HashMap<OsString, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    size: u64,
    modified: Option<SystemTime>,
    /// When it was first seen like this.
    since: Timestamp,
}

/// A file that seems whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    /// The file.
    pub(crate) path: PathBuf,
    /// How long it has been as it is.
    pub(crate) still: Duration,
}

impl Looks {
    /// Looks into the folder: the files that have not changed for `settle` since an
    /// earlier look, by name.
    pub(crate) fn look(
        &mut self,
        folder: &Path,
        settle: Duration,
        now: Timestamp,
    ) -> io::Result<Vec<Whole>> {
        let before = std::mem::take(&mut self.seen);
        let mut whole = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            // What vanished meanwhile, and what is no plain file, is none of ours.
            let Some(metadata) = entry.metadata().ok().filter(std::fs::Metadata::is_file) else {
                continue;
            };
            if metadata.len() == 0 || is_partial(&name.to_string_lossy()) {
                continue;
            }
            let (size, modified) = (metadata.len(), metadata.modified().ok());
            let known = before
                .get(&name)
                .filter(|seen| (seen.size, seen.modified) == (size, modified) && seen.since <= now);
            let since = known.map_or(now, |seen| seen.since);
            let still = Duration::try_from(now.duration_since(since)).unwrap_or_default();
            if known.is_some() && still >= settle {
                whole.push(Whole { path: entry.path(), still });
            }
            self.seen.insert(name, Seen { size, modified, since });
        }
        whole.sort_by(|one, other| one.path.cmp(&other.path));
        whole.truncate(MOST_TAKEN);
        Ok(whole)
    }
}

/// Whether a name is one of a file that is being written, or only marks one as open.
fn is_partial(name: &str) -> bool {
    let lower = name.to_lowercase();
    name.starts_with('.')
        || name.starts_with("~$")
        || PARTIAL.iter().any(|end| lower.ends_with(end))
}

/// Where a file of a watched folder goes, under a name that is free there.
pub(crate) fn goes_to(path: &Path, refused: bool) -> io::Result<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("")).join(if refused { REFUSED } else { DONE });
    std::fs::create_dir_all(&folder)?;
    Ok(free(&folder.join(path.file_name().unwrap_or_default())))
}

/// This path, or one like it with a number that no file has.
pub(crate) fn free(path: &Path) -> PathBuf {
    if !path.exists() {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    let mut numbered =
        (2_u32..).map(|number| path.with_file_name(format!("{stem} ({number}){end}")));
    numbered.find(|path| !path.exists()).unwrap_or_default()
}

/// The watched folder a file was taken from, if it lies in one's `done` or `refused`.
pub(crate) fn taken_from(path: &Path) -> Option<&Path> {
    let folder = path.parent()?;
    let name = folder.file_name()?;
    (name == DONE || name == REFUSED).then(|| folder.parent()).flatten()
}

/// Puts a file whose rows the server refused where the refused ones are; where it is now.
pub(crate) fn refuse_later(path: &Path) -> io::Result<PathBuf> {
    let folder = path.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default();
    if path.parent().is_some_and(|parent| parent.ends_with(REFUSED)) || !path.exists() {
        std::fs::create_dir_all(folder.join(REFUSED))?;
        return Ok(folder.join(REFUSED).join(name));
    }
    let to = goes_to(&folder.join(name), true)?;
    std::fs::rename(path, &to)?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_file_is_whole_when_it_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let mut looks = Looks::default();
        let mut look = |at| -> Vec<String> {
            let found = looks.look(folder.path(), Duration::from_secs(5), second(at)).unwrap();
            found.iter().map(|one| one.path.file_name().unwrap().display().to_string()).collect()
        };
        put("a.csv", "1");
        for partial in ["~$a.xlsx", ".b.csv.swp", "c.csv.part", "d.TMP", ".~lock.a.csv#"] {
            put(partial, "1");
        }
        put("empty.csv", "");
        std::fs::create_dir(folder.path().join("done")).unwrap();
        assert!(look(0).is_empty(), "one look tells nothing");
        assert!(look(4).is_empty());
        assert_eq!(look(5), ["a.csv"]);
        put("a.csv", "12");
        put("b.csv", "1");
        assert!(look(10).is_empty(), "it grew");
        assert_eq!(look(15), ["a.csv", "b.csv"]);
        // The clock was set back: counted anew.
        assert!(look(-200_000).is_empty());
        assert_eq!(look(-199_990).len(), 2);
    }

    #[test]
    fn taken_files_never_write_over_one_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("số liệu.csv");
        let mut ends = Vec::new();
        for _ in 0..3 {
            std::fs::write(&file, "1").unwrap();
            let to = goes_to(&file, false).unwrap();
            std::fs::rename(&file, &to).unwrap();
            ends.push(to.file_name().unwrap().display().to_string());
        }
        assert_eq!(ends, ["số liệu.csv", "số liệu (2).csv", "số liệu (3).csv"]);
        let done = folder.path().join("done/số liệu (2).csv");
        assert_eq!(taken_from(&done), Some(folder.path()));
        assert_eq!(taken_from(&file), None);
        let refused = refuse_later(&done).unwrap();
        assert_eq!(refused, folder.path().join("refused/số liệu (2).csv"));
        assert!(refused.exists() && !done.exists());
        assert_eq!(refuse_later(&refused).unwrap(), refused);
    }
}
