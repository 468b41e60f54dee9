//! The file of the trail: appending in groups, and finding a line again.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;

use super::chain::Head;
use super::{Entry, Job, TrailError};

/// Lines written together at most.
const GROUP: usize = 1_024;
/// Lines are on the disk so long after they were written.
const SYNC_AFTER: Duration = Duration::from_secs(1);
/// Every so many lines the place of one is kept.
const STRIDE: u64 = 1_024;
/// Lines that one page may look through: a rare record is found over several pages.
const LOOKED_THROUGH: u64 = 100_000;

/// Where lines are: what the writer knows and readers need.
pub(super) struct Places {
    /// The offset of line 1, of line 1 + STRIDE, and so on.
    every: RwLock<Vec<u64>>,
    lines: AtomicU64,
    lost: AtomicU64,
}

impl Places {
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Notes a line that begins at `offset`.
    fn add(&self, sequence: u64, offset: u64) {
        if (sequence - 1).is_multiple_of(STRIDE) {
            self.every.write().unwrap_or_else(PoisonError::into_inner).push(offset);
        }
    }

    /// The last line whose place is known at or before this one, and its offset.
    fn before(&self, sequence: u64) -> Option<(u64, u64)> {
        let every = self.every.read().unwrap_or_else(PoisonError::into_inner);
        let at = ((sequence.max(1) - 1) / STRIDE).min((every.len() as u64).checked_sub(1)?);
        Some((at * STRIDE + 1, every[at as usize]))
    }
}

/// Some lines of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// As they are in the file.
    pub lines: Vec<String>,
    /// The last line that was looked at, if there are more behind it.
    pub next: Option<u64>,
}

/// The one who appends.
pub(super) struct Writer {
    file: File,
    head: Head,
    bytes: u64,
    /// Lines that could not be written since one could.
    missing: u64,
    /// Half a line may stand at the end.
    torn: bool,
}

impl Writer {
    /// Opens the file, or makes a new one; cuts off a last line that a loss of power left in half.
    pub(super) fn open(directory: &Path, path: &Path) -> Result<(Self, Places), TrailError> {
        let disk = |doing| move |error| TrailError::Disk { doing, file: path.to_owned(), error };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(disk("make the directory of"))?;
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
        let mut file = file.map_err(disk("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(TrailError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(disk("lock")(error)),
        }
        let places = Places { every: RwLock::default(), lines: AtomicU64::new(0), lost: AtomicU64::new(0) };
        let (last, whole) = scan(&mut file, &places).map_err(disk("read"))?;
        let head = match last.strip_suffix('\n') {
            None => Head::default(),
            Some(last) => Head::of(last)
                .map_err(|reason| TrailError::Broken { file: path.to_owned(), reason: reason.to_owned() })?,
        };
        if file.metadata().map_err(disk("read"))?.len() > whole {
            tracing::warn!(file = %path.display(), "the last line of the trail was written in half, and is cut off");
            file.set_len(whole).map_err(disk("mend"))?;
        }
        Ok((Self { file, head, bytes: whole, missing: 0, torn: false }, places))
    }

    /// Appends what comes until nothing can come any more.
    pub(super) fn run(mut self, queued: &Receiver<Job>, places: &Places) {
        let mut unsynced: Option<Instant> = None;
        loop {
            let wait = unsynced.map_or(SYNC_AFTER, |since| SYNC_AFTER.saturating_sub(since.elapsed()));
            match queued.recv_timeout(wait) {
                Ok(first) => {
                    let group: Vec<Job> = std::iter::once(first).chain(queued.try_iter().take(GROUP - 1)).collect();
                    self.append(&group, places);
                    unsynced = unsynced.or_else(|| Some(Instant::now()));
                    // Whoever asked may have gone away; the line stands.
                    group.into_iter().for_each(|job| _ = job.written.send(()));
                }
                Err(RecvTimeoutError::Timeout) => self.tell_missing(places),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if unsynced.is_some_and(|since| since.elapsed() >= SYNC_AFTER) {
                self.sync();
                unsynced = None;
            }
        }
        self.tell_missing(places);
        self.sync();
    }

    /// Tells of lines that could not be written as soon as that can be: nobody may call for a while, or ever again.
    fn tell_missing(&mut self, places: &Places) {
        if self.missing > 0 {
            self.append(&[], places);
            self.sync();
        }
    }

    fn append(&mut self, group: &[Job], places: &Places) {
        let (mut head, mut text, mut starts) = (self.head.clone(), String::new(), Vec::new());
        let gap = (self.missing > 0).then(|| gap(self.missing));
        for entry in gap.iter().chain(group.iter().map(|job| &job.entry)) {
            starts.push((head.sequence + 1, self.bytes + text.len() as u64));
            head.seal(entry, &mut text);
        }
        match self.mend().and_then(|()| self.file.write_all(text.as_bytes())) {
            Ok(()) => {
                (self.head, self.missing) = (head, 0);
                self.bytes += text.len() as u64;
                starts.into_iter().for_each(|(sequence, offset)| places.add(sequence, offset));
                places.lines.store(self.head.sequence, Ordering::Release);
            }
            Err(error) => {
                if self.missing == 0 {
                    tracing::error!(%error, "the trail cannot be written; the lines missing will be counted in it");
                }
                self.missing += group.len() as u64;
                places.lost.fetch_add(group.len() as u64, Ordering::Relaxed);
                self.torn = true;
                if let Err(error) = self.mend()
                    && !group.is_empty()
                {
                    tracing::error!(%error, "the trail cannot be mended yet");
                }
            }
        }
    }

    /// Cuts off half a line, which would break the chain for good: until that is done, nothing is written.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.bytes)?;
            self.torn = false;
        }
        Ok(())
    }

    fn sync(&self) {
        if let Err(error) = self.file.sync_data() {
            tracing::error!(%error, "the trail is not on the disk yet");
        }
    }
}

/// The line that tells of those that are not there.
fn gap(missing: u64) -> Entry {
    Entry {
        at: Timestamp::now(),
        since: None,
        count: None,
        who: "service".to_owned(),
        from: None,
        action: format!("{missing} lines could not be written before this one"),
        records: Vec::new(),
        seen: Vec::new(),
        exclusion: None,
        status: 500,
        model: None,
        request_id: "none".to_owned(),
    }
}

/// Notes the places of all lines; returns the last whole line, and the bytes of all whole lines.
fn scan(file: &mut File, places: &Places) -> io::Result<(String, u64)> {
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let (mut last, mut line, mut bytes, mut sequence) = (Vec::new(), Vec::new(), 0, 0);
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            break;
        }
        sequence += 1;
        places.add(sequence, bytes);
        bytes += read as u64;
        std::mem::swap(&mut last, &mut line);
    }
    places.lines.store(sequence, Ordering::Release);
    Ok((String::from_utf8_lossy(&last).into_owned(), bytes))
}

/// Lines after one, oldest first.
pub(super) fn page(
    path: &Path,
    places: &Places,
    after: u64,
    (limit, record): (usize, Option<&str>),
) -> Result<Page, TrailError> {
    let disk = |error| TrailError::Disk { doing: "read", file: path.to_owned(), error };
    let last = places.lines.load(Ordering::Acquire);
    let nothing = Page { lines: Vec::new(), next: None };
    let Some((mut sequence, offset)) = places.before(after.saturating_add(1)).filter(|_| after < last) else {
        return Ok(nothing);
    };
    let mut file = File::open(path).map_err(disk)?;
    file.seek(SeekFrom::Start(offset)).map_err(disk)?;
    let mut lines = BufReader::with_capacity(1 << 16, file).lines();
    let named = record.map(|record| format!("\"{record}\""));
    let mut page = nothing;
    while sequence <= last {
        let Some(line) = lines.next() else { break };
        let line = line.map_err(disk)?;
        // A reference in quotes is in a line only as a record: everything else in it is made by the service or has
        // another form.
        if sequence > after && named.as_ref().is_none_or(|named| line.contains(named)) {
            page.lines.push(line);
        }
        if page.lines.len() == limit || sequence - after.min(sequence) >= LOOKED_THROUGH {
            page.next = (sequence < last).then_some(sequence);
            break;
        }
        sequence += 1;
    }
    Ok(page)
}

/// What a line tells of a write.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    records: Vec<String>,
}

/// The id of a line's call, which has no character that JSON escapes.
fn call_of(line: &str) -> Option<&str> {
    line.rsplit_once("\"request_id\":\"")?.1.split('"').next()
}

/// Of writes, each the id of its call and the record, those that no line tells of: their places, ascending.
pub(super) fn untold<'w>(
    path: &Path,
    writes: impl Iterator<Item = (&'w str, &'w str)>,
) -> Result<Vec<usize>, TrailError> {
    let disk = |error| TrailError::Disk { doing: "read", file: path.to_owned(), error };
    // A call may write a record more than once.
    let mut untold: HashMap<&str, HashMap<&str, Vec<usize>>> = HashMap::new();
    for (at, (call, record)) in writes.enumerate() {
        untold.entry(call).or_default().entry(record).or_default().push(at);
    }
    if untold.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = BufReader::with_capacity(1 << 20, File::open(path).map_err(disk)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(disk)? > 0 {
        // Of a long trail nearly every line is of another call, and is not parsed.
        let call = std::str::from_utf8(&line).ok().and_then(call_of);
        if let Some(of_call) = call.and_then(|call| untold.get_mut(call))
            && let Ok(told) = serde_json::from_slice::<Told>(&line)
        {
            for record in &told.records {
                of_call.get_mut(record.as_str()).and_then(Vec::pop);
            }
        }
        line.clear();
    }
    let mut places: Vec<usize> = untold.into_values().flat_map(HashMap::into_values).flatten().collect();
    places.sort_unstable();
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::FILE;

    #[test]
    fn lines_that_could_not_be_written_are_counted_in_the_trail_once_it_can_be() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(FILE);
        let (mut writer, places) = Writer::open(directory.path(), &path).expect("a trail");
        let job = || Job { entry: gap(0), written: tokio::sync::oneshot::channel().0 };
        // A disk that refuses: the file is open for reading alone.
        let writable = std::mem::replace(&mut writer.file, File::open(&path).expect("the file"));
        writer.append(&[job(), job()], &places);
        writer.tell_missing(&places);
        assert_eq!((places.lost(), fs::read_to_string(&path).expect("the file")), (2, String::new()));
        writer.file = writable;
        writer.tell_missing(&places);
        writer.tell_missing(&places);
        let lines = page(&path, &places, 0, (10, None)).expect("a page").lines;
        assert!(lines.len() == 1 && lines[0].contains("2 lines could not be written"), "{lines:?}");
        assert_eq!(places.lost(), 2);
    }
    #[test]
    fn writes_that_no_line_tells_of_are_found() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(FILE);
        let (mut writer, places) = Writer::open(directory.path(), &path).expect("a trail");
        let line = |call: &str, record: &str| {
            let (request_id, records) = (call.to_owned(), vec![record.to_owned()]);
            Job { entry: Entry { request_id, records, ..gap(0) }, written: tokio::sync::oneshot::channel().0 }
        };
        writer.append(&[line("r1", "a/1"), line("r2", "a/1"), line("r3", "a/3")], &places);
        let writes = [("r1", "a/1"), ("r1", "a/2"), ("r2", "a/1"), ("r2", "a/1"), ("r4", "a/3"), ("r3", "a/3")];
        let found = untold(&path, writes.into_iter()).expect("a trail");
        assert_eq!(found, [1, 2, 4], "of two alike one is told");
        assert!(untold(&path, std::iter::empty()).expect("a trail").is_empty());
    }
}
