//! What a process costs: wall and CPU time, and how much memory it had at most.
//!
//! Always holds: CPU time is what the kernel counted when the process ended; memory is looked at every few milliseconds,
//! so a peak that is shorter than that can be missed, except in the resident total, whose mark the kernel keeps.
//! Not here: what the process does.

use simulation::{clock, machine};
use std::{
    fs,
    io::{self, Read},
    process::{Command, Stdio},
    time::Duration,
};

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// What a process cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Seconds from start to end.
    pub wall: f64,
    /// Seconds of CPU.
    pub cpu: f64,
    /// Resident MB (10⁶ bytes) at most, mapped files included.
    pub resident_mb: f64,
    /// Resident MB at most without pages of files.
    pub own_mb: f64,
}

/// Runs it; its cost and what it said.
pub fn measured(command: &mut Command) -> io::Result<(Cost, String)> {
    let before = machine::ended_children()?;
    let start = clock::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut said = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        said.as_mut().map_or(Ok(0), |said| said.read_to_string(&mut text)).map(|_| text)
    });
    let mut cost = Cost::default();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // It may end between two looks.
        let text = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        cost.resident_mb = cost.resident_mb.max(megabytes(&text, "VmHWM:"));
        cost.own_mb = cost.own_mb.max(megabytes(&text, "RssAnon:") + megabytes(&text, "RssShmem:"));
        clock::pause(LOOK);
    };
    cost.wall = clock::now().duration_since(start).as_secs_f64();
    cost.cpu = machine::ended_children()?.saturating_sub(before).as_secs_f64();
    let said = reader.join().map_err(|_| io::Error::other("reading a program's output failed"))??;
    if !status.success() {
        return Err(io::Error::other(format!("{} failed", command.get_program().to_string_lossy())));
    }
    Ok((cost, said))
}

/// A line of /proc/PID/status in MB; nought when it is not there.
fn megabytes(status: &str, name: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_measured() {
        let (cost, said) =
            measured(Command::new("sh").args(["-c", "sleep 0.1; echo done"])).expect("it runs");
        assert_eq!(said, "done\n");
        assert!(cost.wall > 0.09 && cost.resident_mb > 0.1 && cost.cpu < cost.wall, "{cost:?}");
        assert!(measured(&mut Command::new("false")).is_err());
    }

    #[test]
    fn kibibytes_become_megabytes() {
        assert_eq!(megabytes("VmHWM:\t  1000000 kB\nRssAnon:\t 5 kB\n", "VmHWM:"), 1024.0);
        assert_eq!(megabytes("", "VmHWM:"), 0.0);
    }
}
