//! What the kernel says: cores, CPU time of threads and processes, resident memory, and the conditions of a run.
//! Everything is read from /proc, so it holds for Linux only; a thread that ended takes its time with it.

use crate::clock;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Ticks a second in which the kernel tells CPU time to programs.
const TICKS: u64 = 100;
/// Written and synced this often to learn what a commit costs.
const SYNCS: usize = 100;

/// The cores of a run.
#[derive(Clone, Copy)]
pub struct Cores {
    /// The server's, and PostgreSQL's.
    pub server: usize,
    /// The generator's; the server's when there is only one.
    pub generator: usize,
}

impl Cores {
    /// The first two that this process may use.
    pub fn of_this_process() -> io::Result<Cores> {
        let status = fs::read_to_string("/proc/self/status")?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or("0");
        let cores = cores_of(list.trim());
        let server = cores.first().copied().unwrap_or(0);
        Ok(Cores { server, generator: cores.get(1).copied().unwrap_or(server) })
    }

    /// Whether server and generator share one.
    pub fn is_one(self) -> bool {
        self.server == self.generator
    }
}

/// `0-2,5` as numbers.
fn cores_of(list: &str) -> Vec<usize> {
    let number = |text: &str| text.parse::<usize>().ok();
    let range = |part: &str| match part.split_once('-') {
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..=to),
        None => number(part).map(|one| one..=one),
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// CPU time of a process's live threads, by name.
pub type Threads = BTreeMap<String, Duration>;

/// CPU time of a process's threads so far. Threads of one name are added up; a trailing `-0` is no part of a name.
pub fn threads(pid: u32) -> io::Result<Threads> {
    let mut threads = Threads::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let (Ok(name), Ok(time)) = (fs::read_to_string(task.path().join("comm")), cpu_of(&task.path()))
        else {
            continue; // it ended meanwhile
        };
        let name = name.trim().trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        *threads.entry(name.to_owned()).or_default() += time;
    }
    Ok(threads)
}

/// CPU time of a thread or process that has one thread: to the nanosecond where the kernel counts so, else in ticks.
fn cpu_of(folder: &Path) -> io::Result<Duration> {
    let precise = fs::read_to_string(folder.join("schedstat")).ok();
    if let Some(nanos) = precise.and_then(|text| text.split(' ').next()?.parse().ok()) {
        return Ok(Duration::from_nanos(nanos));
    }
    let stat = fs::read_to_string(folder.join("stat"))?;
    Ok(ticks(field(&stat, USER)? + field(&stat, SYSTEM)?))
}

// Places in /proc/PID/stat, counted behind the name.
const PARENT: usize = 1;
const USER: usize = 11;
const SYSTEM: usize = 12;
const CHILDREN_USER: usize = 13;
const CHILDREN_SYSTEM: usize = 14;

fn field(stat: &str, place: usize) -> io::Result<u64> {
    let behind_name = stat.rsplit_once(") ").map(|(_, rest)| rest);
    let value = behind_name.and_then(|rest| rest.split(' ').nth(place)).and_then(|value| value.parse().ok());
    value.ok_or_else(|| io::Error::other("/proc/PID/stat does not read back"))
}

fn ticks(count: u64) -> Duration {
    Duration::from_secs_f64(count as f64 / TICKS as f64)
}

/// CPU time so far of a process and its children, ended ones too.
pub fn family(parent: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{parent}/stat"))?;
    let ended = ticks(field(&stat, CHILDREN_USER)? + field(&stat, CHILDREN_SYSTEM)?);
    let mut total = ended + cpu_of(Path::new(&format!("/proc/{parent}")))?;
    for child in children(parent)? {
        total += cpu_of(Path::new(&format!("/proc/{child}"))).unwrap_or_default();
    }
    Ok(total)
}

/// CPU time of this process's children that have ended and were waited for, in ticks of a hundredth of a second.
pub fn ended_children() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    Ok(ticks(field(&stat, CHILDREN_USER)? + field(&stat, CHILDREN_SYSTEM)?))
}

/// The children that a process has now.
pub fn children(parent: u32) -> io::Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        if field(&stat, PARENT).is_ok_and(|pid| pid == u64::from(parent)) {
            children.extend(entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        }
    }
    Ok(children)
}

/// Resident memory of a process in MB (10⁶ bytes).
pub fn resident_mb(pid: u32) -> io::Result<f64> {
    status_mb(pid, "VmRSS:")
}

/// Resident memory that is the process's own, in MB: not the pages of files, which the kernel takes back when it likes.
pub fn resident_own_mb(pid: u32) -> io::Result<f64> {
    status_mb(pid, "RssAnon:")
}

fn status_mb(pid: u32, name: &str) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0 / 1e6)
        .ok_or_else(|| io::Error::other(format!("/proc/PID/status names no {name}")))
}

/// Time that all cores together have worked, and that the host kept from us, since the machine started.
pub struct Busy {
    worked: Duration,
    stolen: Duration,
}

impl Busy {
    /// So far.
    pub fn now() -> io::Result<Busy> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().unwrap_or_default();
        let counts: Vec<u64> =
            line.split_whitespace().skip(1).filter_map(|count| count.parse().ok()).collect();
        let [user, nice, system, _idle, _wait, hard, soft, stolen, ..] = counts[..] else {
            return Err(io::Error::other("/proc/stat does not read back"));
        };
        Ok(Busy { worked: ticks(user + nice + system + hard + soft), stolen: ticks(stolen) })
    }

    /// Work and theft since then.
    pub fn since(&self) -> io::Result<(Duration, Duration)> {
        let now = Busy::now()?;
        Ok((now.worked.saturating_sub(self.worked), now.stolen.saturating_sub(self.stolen)))
    }
}

/// Lets this process, and whatever it starts, open as many files as the system allows it: a nation's lines are thousands.
pub fn allow_files() -> io::Result<()> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let most = line.and_then(|line| line.split_whitespace().nth(4));
    let most = most.ok_or_else(|| io::Error::other("/proc/self/limits names no open files"))?;
    let args = ["--pid".to_owned(), std::process::id().to_string(), format!("--nofile={most}:{most}")];
    let done = Command::new("prlimit").args(args).status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other("prlimit failed")) }
}

/// Whether this process is root's: PostgreSQL refuses to be.
pub fn is_root() -> io::Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// What a program says in its first line.
pub fn says(program: &str, args: &[&str]) -> String {
    let said = Command::new(program).args(args).output().map(|said| said.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).lines().next().unwrap_or("unknown").trim().to_owned()
}

/// The file system that a path lies on.
pub fn file_system(path: &Path) -> String {
    says("findmnt", &["-nro", "FSTYPE", "-T", &path.to_string_lossy()])
}

/// A folder for data: in the system's folder for temporary files, or in another one when that one is memory.
pub fn real_folder(otherwise: &Path) -> io::Result<tempfile::TempDir> {
    let temporary = std::env::temp_dir();
    let in_memory = |path: &Path| ["tmpfs", "ramfs"].contains(&file_system(path).as_str());
    let place =
        [temporary.as_path(), Path::new("/var/tmp"), otherwise].into_iter().find(|path| !in_memory(path));
    let place = place.ok_or_else(|| io::Error::other("no folder on a real disk was found for the data"))?;
    tempfile::Builder::new().prefix("shikaku-load-").tempdir_in(place)
}

/// CPU, cores, kernel and compiler.
pub fn about() -> io::Result<String> {
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let model =
        info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let virtual_machine = if info.contains(" hypervisor") { ", a virtual machine" } else { "" };
    Ok(format!(
        "{} ({cores} cores{virtual_machine}), Linux {}, {}",
        model.unwrap_or("an unknown CPU"),
        says("uname", &["-r"]),
        says("rustc", &["-V"]).split(" (").next().unwrap_or_default(),
    ))
}

/// The disk under a folder: its file system, and the median time of writing 4 KiB and syncing them.
pub fn disk(folder: &Path) -> io::Result<String> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let start = clock::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(clock::now().duration_since(start));
    }
    times.sort_unstable();
    let median = times[SYNCS / 2].as_secs_f64() * 1e3;
    Ok(format!("{}, a synced write of 4 KiB takes {median:.2} ms", file_system(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cores_are_read() {
        assert_eq!(cores_of("0-1"), [0, 1]);
        assert_eq!(cores_of("3,5-6"), [3, 5, 6]);
    }

    #[test]
    fn a_name_with_a_bracket_does_not_shift_the_fields() {
        let stat = "12 (a) b) S 7 12 12 0 -1 0 0 0 0 0 31 32 33 34 20";
        assert_eq!(field(stat, PARENT).expect("parent"), 7);
        assert_eq!(field(stat, USER).expect("user"), 31);
        assert_eq!(field(stat, CHILDREN_SYSTEM).expect("children"), 34);
    }

    #[test]
    fn this_process_has_threads_and_memory() {
        let pid = std::process::id();
        assert!(!threads(pid).expect("threads").is_empty());
        assert!(resident_mb(pid).expect("memory") > 1.0);
    }
}
