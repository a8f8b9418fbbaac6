//! A line that can be cut: what stands between some terminals and a server passes bytes on, until it is told not to.
//!
//! Always holds: when the line is cut, what is open breaks; who asks meanwhile gets silence, as from a dead line, until it
//! is mended; then that breaks too. Loopback only.
//! Not here: when it is cut (`outage`).
//! Rules come from: issue 4, part E; the reference on the field, section 5.3, "Line outage".

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How the line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    Cut,
    Over,
}

/// Lines to some servers, which are cut together.
pub struct Lines {
    /// Where the servers are found through them.
    pub addresses: Vec<SocketAddr>,
    state: Arc<watch::Sender<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    /// Opens them on a thread of their own.
    pub fn open(servers: &[SocketAddr]) -> io::Result<Lines> {
        let (state, seen) = watch::channel(State::Whole);
        let (sender, opened) = mpsc::channel();
        let servers = servers.to_vec();
        let thread = std::thread::Builder::new().name("lines".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime.map_err(|error| sender.send(Err(error))) else { return };
            runtime.block_on(async {
                let mut addresses = Vec::new();
                for server in servers {
                    match listen(server, seen.clone()).await {
                        Ok(address) => addresses.push(address),
                        Err(error) => {
                            let _ = sender.send(Err(error));
                            return;
                        }
                    }
                }
                let _ = sender.send(Ok(addresses));
                until(seen, |state| state == State::Over).await;
            });
        })?;
        let addresses = opened.recv().map_err(io::Error::other)??;
        Ok(Lines { addresses, state: Arc::new(state), thread: Some(thread) })
    }

    /// Cuts them, or mends them.
    pub fn cut(&self, cut: bool) {
        self.state.send_replace(if cut { State::Cut } else { State::Whole });
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.state.send_replace(State::Over);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn until(mut seen: watch::Receiver<State>, wanted: impl Fn(State) -> bool) {
    let _ = seen.wait_for(|state| wanted(*state)).await;
}

#[expect(clippy::disallowed_methods, reason = "the simulation's own line, on loopback only")]
async fn listen(server: SocketAddr, seen: watch::Receiver<State>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                if *seen.borrow() == State::Cut {
                    return until(seen, |state| state != State::Cut).await;
                }
                let Ok(mut far) = TcpStream::connect(server).await else { return };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                    () = until(seen, |state| state != State::Whole) => {}
                }
            });
        }
    });
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        time::Duration,
    };

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test's own server and clients, on loopback only")]
    fn a_cut_line_breaks_what_is_open_and_is_silent_until_it_is_mended() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = server.local_addr().expect("an address");
        std::thread::spawn(move || {
            for mut socket in server.incoming().map_while(Result::ok) {
                let mut byte = [0];
                while socket.read(&mut byte).is_ok_and(|count| count > 0) {
                    let _ = socket.write_all(b"!");
                }
            }
        });
        let lines = Lines::open(&[address]).expect("a line");
        let client = || {
            let socket = std::net::TcpStream::connect(lines.addresses[0]).expect("connects");
            socket.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
            socket
        };
        let said = |mut socket: &std::net::TcpStream| {
            let mut byte = [0];
            let _ = socket.write_all(b"?");
            socket.read(&mut byte)
        };
        let whole = client();
        assert_eq!(said(&whole).expect("an answer"), 1);
        lines.cut(true);
        assert!(matches!(said(&whole), Ok(0) | Err(_)), "what was open breaks");
        let silent = client();
        let error = said(&silent).expect_err("silence");
        assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{error}");
        lines.cut(false);
        assert!(matches!(said(&silent), Ok(0) | Err(_)), "what was silent breaks");
        assert_eq!(said(&client()).expect("an answer"), 1);
    }
}
