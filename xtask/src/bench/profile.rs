//! Where the CPU time of a saturated server goes: `perf` samples its stacks, and each sample is given to a function
//! (the innermost) and to a part of the program (the innermost frame that one of the rules below knows).
//! The rules are words in names, so a share is a hint of where to look and not an account.

use super::runs::Bench;
use simulation::{load::Pace, servers::Starter};
use std::{
    collections::{BTreeSet, HashMap},
    io,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Samples a second; not a round number, so that nothing periodic is sampled in step.
const RATE: &str = "499";
/// Bytes of each stack that are kept for unwinding.
const STACK: &str = "dwarf,16384";
/// Functions that are listed.
const LISTED: usize = 25;
/// Functions that are listed with what they call: the outermost ones say nothing, so there are more.
const LISTED_WHOLE: usize = 120;
/// Functions that are named beside their part.
const PARTS_FUNCTIONS: usize = 4;

/// The parts of the program, by what their functions' names contain. The first rule that fits a frame wins.
const PARTS: [(&str, &[&str]); 16] = [
    ("disk (kernel)", &["pwrite", "fsync", "fdatasync", "ext4_", "pread64", "ftruncate"]),
    (
        "sockets (kernel)",
        &["__sys_sendto", "__sys_recvfrom", "tcp_", "sock_", "__send", "__libc_recv", "__libc_send"],
    ),
    ("thread hand-over", &["futex", "crossbeam", "mpsc", "oneshot", "park", "eventfd", "Condvar", "notify"]),
    ("waiting for sockets", &["epoll", "mio::"]),
    (
        "allocation",
        &["malloc", "cfree", "realloc", "calloc", "__rust_alloc", "__rdl_", "unlink_chunk", "free_chunk"],
    ),
    ("random", &["RAND_", "CTR_DRBG", "getrandom", "rand_bytes", "rim::random"]),
    (
        "signatures",
        &["bn_", "BN_", "RSA_", "rsa_", "p384", "P384", "ecdsa", "ECDSA", "ec_GFp", "signature::"],
    ),
    ("hashing", &["sha256", "SHA256", "sha384", "sha512", "digest"]),
    ("TLS", &["rustls", "aws_lc", "aesni", "aes_gcm", "gcm_", "EVP_", "chacha"]),
    ("SQLite", &["sqlite", "rusqlite"]),
    ("PostgreSQL client", &["postgres"]),
    ("JSON and messages", &["formats", "serde_json"]),
    (
        "services",
        &[
            "counter::",
            "coverage::",
            "facilities::",
            "people::",
            "reader::",
            "cards::",
            "pki::",
            "consent::",
            "enrolment::",
        ],
    ),
    ("audit rows", &["audit::"]),
    (
        "HTTP",
        &["hyper", "axum", "tower", "http::", "httparse", "matchit", "house::", "app::listen", "httpdate"],
    ),
    ("runtime and store", &["tokio", "store::", "std::", "core::"]),
];

/// Runs a saturated load under `perf` and says where the time went; a sentence when `perf` may not.
pub fn profile(bench: &mut Bench<'_>, starter: &Starter<'_>, pid: u32, seconds: u64) -> io::Result<String> {
    let file = starter.folder.join("perf.data");
    // Not under perf: what is got ready is not the load.
    bench.supplied(false, Pace::Closed)?;
    let mut perf = match record(&file, pid, seconds) {
        Ok(perf) => perf,
        Err(error) => return Ok(format!("no profile: perf cannot be run here ({error})\n")),
    };
    let phase = bench.phase("profiled", false, Pace::Closed);
    let recorded = perf.wait();
    phase?;
    if !recorded?.success() {
        return Ok("no profile: perf is not permitted here (kernel.perf_event_paranoid)\n".into());
    }
    let script = Command::new("perf")
        .args(["script", "--no-inline", "-F", "comm,ip,sym", "-i"])
        .arg(&file)
        .output()?;
    Ok(told(&String::from_utf8_lossy(&script.stdout)))
}

fn record(file: &Path, pid: u32, seconds: u64) -> io::Result<Child> {
    Command::new("perf")
        .args([
            "record",
            "-q",
            "-e",
            "cpu-clock",
            "-F",
            RATE,
            "--call-graph",
            STACK,
            "-p",
            &pid.to_string(),
            "-o",
        ])
        .arg(file)
        .args(["--", "sleep", &seconds.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// The samples of `perf script`, told by part and by function.
fn told(script: &str) -> String {
    let (mut parts, mut functions) = (HashMap::<String, Part>::new(), HashMap::<String, u64>::new());
    let mut whole = HashMap::<String, u64>::new();
    let mut total = 0;
    for sample in script.split("\n\n") {
        let mut lines = sample.lines().filter(|line| !line.trim().is_empty());
        let Some(thread) = lines.next() else { continue };
        let frames: Vec<&str> =
            lines.filter_map(|line| line.trim().split_once(' ').map(|(_, name)| name)).collect();
        let Some(inner) = frames.first() else { continue };
        total += 1;
        let inner = short(inner);
        let part = parts.entry(part_of(thread.trim(), &frames)).or_default();
        part.samples += 1;
        *part.functions.entry(inner.clone()).or_default() += 1;
        *functions.entry(inner).or_default() += 1;
        for name in frames.iter().map(|frame| short(frame)).collect::<BTreeSet<String>>() {
            *whole.entry(name).or_default() += 1;
        }
    }
    let share = |samples: u64| samples as f64 * 100.0 / (total.max(1)) as f64;
    let mut text = format!("{total} samples.\n\nBy part (innermost frame that belongs to one):\n");
    let mut parts: Vec<(String, Part)> = parts.into_iter().collect();
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.samples));
    for (name, part) in &parts {
        let within: Vec<String> = first(&part.functions, PARTS_FUNCTIONS)
            .iter()
            .map(|(name, n)| format!("{name} {:.1}", share(*n)))
            .collect();
        text.push_str(&format!("  {:5.1} %  {name:28} {}\n", share(part.samples), within.join(", ")));
    }
    for (title, counts, most) in
        [("itself", &functions, LISTED), ("with what it calls", &whole, LISTED_WHOLE)]
    {
        text.push_str(&format!("\nBy function, {title}:\n"));
        for (name, samples) in first(counts, most) {
            text.push_str(&format!("  {:5.1} %  {name}\n", share(samples)));
        }
    }
    text
}

/// The samples of a part.
#[derive(Default)]
struct Part {
    samples: u64,
    functions: HashMap<String, u64>,
}

fn first(counts: &HashMap<String, u64>, most: usize) -> Vec<(&str, u64)> {
    let mut list: Vec<(&str, u64)> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    list.truncate(most);
    list
}

fn part_of(thread: &str, frames: &[&str]) -> String {
    let known = |frame: &&str| PARTS.iter().find(|(_, words)| words.iter().any(|word| frame.contains(word)));
    let part = frames.iter().find_map(known).map_or("other", |(name, _)| name);
    match part {
        // The same library reads on one thread and writes on another.
        "SQLite" | "disk (kernel)" | "PostgreSQL client" | "allocation" => {
            let thread = thread.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
            format!("{part}, {thread}")
        }
        part => part.to_owned(),
    }
}

/// A name without its hash and its generics.
fn short(name: &str) -> String {
    let name = name.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16).map_or(name, |(name, _)| name);
    name.chars().take(90).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_belongs_to_its_innermost_known_frame() {
        let script = "desk-0 \n  aa memcpy\n  ab sqlite3_step\n  ac store::Db::rows\n\n\
                      log-writer-0 \n  aa do_fsync\n  ab sqlite3_step\n\n\
                      tokio-rt-worker \n  aa malloc\n  ab hyper::proto::h0123456789abcdef\n\n";
        let told = told(script);
        for wanted in [
            "3 samples",
            "SQLite, desk",
            "disk (kernel), log-writer",
            "allocation, tokio-rt-worker",
            "memcpy",
        ] {
            assert!(told.contains(wanted), "{wanted}: {told}");
        }
    }
}
