//! Jobs ready to run: their mapping read, and the place of this computer among all known.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use tiendo_shared::submission::hexadecimal;

use crate::config::{self, Config, Query, Source};
use crate::mapping::{self, Mapping};
use crate::schedule::{Timing, place};
use crate::text::Lang;

/// A job that `run` runs.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Its name.
    pub(crate) name: String,
    /// Where its figures come from.
    pub(crate) source: Source,
    /// How they are read; none for forms.
    pub(crate) mapping: Option<Box<Mapping>>,
    /// When it runs; none for a folder, which is always watched.
    pub(crate) timing: Option<Timing>,
}

/// A job of the configuration, ready or not.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// Its name.
    pub(crate) name: String,
    /// The job, or why it cannot run.
    pub(crate) job: Result<Job, String>,
    /// Differs whenever its configuration does, its mapping and query included.
    pub(crate) fingerprint: String,
}

/// The jobs of the configuration that run by themselves.
pub(crate) fn load(config: &Config, home: &Path, lang: Lang) -> Vec<Loaded> {
    let runs = |job: &&config::Job| {
        matches!(job.source, Some(Source::Folder(_)))
            || (job.source.is_some() && job.when.is_some())
    };
    config.jobs.iter().filter(runs).filter_map(|job| loaded(job, config, home, lang)).collect()
}

fn loaded(job: &config::Job, config: &Config, home: &Path, lang: Lang) -> Option<Loaded> {
    let mut source = job.source.clone()?;
    let mut hash = Sha256::new();
    hash.update(format!("{job:?}"));
    let mapping = job.mapping.as_ref().map(|at| {
        mapping_text(at, home, lang).and_then(|(place, text)| {
            hash.update(&text);
            understood(&place, &text, lang)
        })
    });
    let query = resolve(&mut source, home, lang).inspect(|query| hash.update(query));
    let department = config.department.as_deref().unwrap_or_default();
    let timing = job.when.as_ref().map(|when| Timing {
        schedule: when.schedule.clone(),
        spread: when.spread,
        place: place(department, &config.agent, &job.name),
    });
    let ready = query.and_then(|_| mapping.transpose()).map(|mapping| Job {
        name: job.name.clone(),
        source,
        mapping,
        timing,
    });
    Some(Loaded { name: job.name.clone(), job: ready, fingerprint: hexadecimal(&hash.finalize()) })
}

/// Makes paths those of the home, reads a query that stands in a file, and returns it.
fn resolve(source: &mut Source, home: &Path, lang: Lang) -> Result<String, String> {
    match source {
        Source::File(path) => *path = home.join(&*path),
        Source::Folder(folder) => folder.path = home.join(&folder.path),
        Source::Command(_) => {}
        Source::Database(database) => {
            if let Some(config::Secret::File(path)) = &mut database.password {
                *path = home.join(&*path);
            }
            let text = match &database.query {
                Query::Text(text) => text.clone(),
                Query::File(path) => {
                    let path = home.join(path);
                    std::fs::read_to_string(&path)
                        .map_err(|error| lang.job_file_unreadable(&path.display(), &error))?
                }
            };
            database.query = Query::Text(text.clone());
            return Ok(text);
        }
    }
    Ok(String::new())
}

/// The mapping of a job. Paths are those of the folder of `agent.toml`.
pub(crate) fn mapping(
    at: &config::Mapping,
    home: &Path,
    lang: Lang,
) -> Result<Box<Mapping>, String> {
    let (place, text) = mapping_text(at, home, lang)?;
    understood(&place, &text, lang)
}

fn mapping_text(at: &config::Mapping, home: &Path, lang: Lang) -> Result<(String, String), String> {
    match at {
        config::Mapping::Inline(text) => Ok(("agent.toml".to_owned(), text.clone())),
        config::Mapping::File(path) => {
            let path = home.join(path);
            let place = path.display().to_string();
            match std::fs::read_to_string(&path) {
                Ok(text) => Ok((place, text)),
                Err(error) => Err(lang.mapping_wrong(&place, &error.to_string())),
            }
        }
    }
}

fn understood(place: &str, text: &str, lang: Lang) -> Result<Box<Mapping>, String> {
    let told = |error: mapping::Error| {
        let place = format!("{place}:{}:{}", error.line, error.column);
        let hint = error.suggestion.map(|word| format!(" {}", lang.did_you_mean(&word)));
        let message = format!("{}.{}", error.message, hint.unwrap_or_default());
        lang.mapping_wrong(&place, &message)
    };
    Mapping::from_toml(text).map(Box::new).map_err(|_| {
        let all: Vec<_> = Mapping::problems(text).into_iter().map(told).collect();
        all.join("\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(text: &str, home: &Path) -> Vec<Loaded> {
        load(&Config::parse(text, &|_| None, &[], "pc").unwrap(), home, Lang::En)
    }

    #[test]
    fn a_broken_job_is_told_and_the_others_are_ready() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[job]]\nname = 'vao'\nfolder = 'vao'\n\
                    [[job]]\nname = 'tay'\nfile = 'x.csv'\n\
                    [[job]]\nname = 'm'\nfile = 'x.csv'\nschedule = '0 7 * * *'\nmapping = 'm.toml'\n";
        let found = jobs(text, folder.path());
        let [vao, m] = &found[..] else { panic!("{found:?}") };
        let Ok(Job { source: Source::Folder(watched), .. }) = &vao.job else { panic!("{vao:?}") };
        assert_eq!(watched.path, folder.path().join("vao"));
        assert!(m.job.as_ref().unwrap_err().contains("m.toml"), "{m:?}");
        let path = folder.path().join("m.toml");
        std::fs::write(&path, "layout = 'lung'\n").unwrap();
        let wrong = jobs(text, folder.path()).remove(1);
        assert!(wrong.job.as_ref().unwrap_err().contains("m.toml:1:"), "{wrong:?}");
        std::fs::write(
            &path,
            "layout = 'long'\ncolumns = { indicator = '#A', period = '#B', value = '#C' }\n",
        )
        .unwrap();
        let right = jobs(text, folder.path()).remove(1);
        assert!(right.job.is_ok(), "{right:?}");
        assert!(wrong.fingerprint != right.fingerprint && m.fingerprint != wrong.fingerprint);
        assert_eq!(right.fingerprint, jobs(text, folder.path()).remove(1).fingerprint);
    }

    #[test]
    fn the_example_of_the_guide_is_a_good_configuration() {
        let guide = include_str!("../../docs/agent-jobs.md");
        let (_, rest) = guide.split_once("```toml\n").unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mapping =
            "layout = 'long'\ncolumns = { indicator = '#A', period = '#B', value = '#C' }\n";
        std::fs::write(folder.path().join("kinh-te-so.toml"), mapping).unwrap();
        let found = jobs(text, folder.path());
        let ready: Vec<_> =
            found.iter().map(|one| one.job.as_ref().unwrap().name.as_str()).collect();
        assert_eq!(ready, ["bieu-mau", "kinh-te-so", "dich-vu-cong", "tong-hop"]);
    }
}
