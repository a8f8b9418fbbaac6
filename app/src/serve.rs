//! `shikaku serve`: the same program for real work, on SQLite or PostgreSQL, with certificates from files.
//!
//! Always holds: without machines' certificates only the pages are served, and that is said; the first system
//! administrator's one-time password is written to a file that only the directory's owner can read.
//! Not here: the demo's certificates and people.
//! Rules come from: the issue, parts C and G.

use crate::{
    datadir::{DataDir, write_private},
    listen, running,
    settings::Settings,
};
use base::{Actor, Error, Fault, Purpose, Result};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};
use tokio::runtime::Runtime;
use web::house::Asker;

/// Opens and starts.
pub fn raise(runtime: &Runtime, data: &Path, settings: Settings) -> Result<(running::Running, Vec<String>)> {
    let dir = DataDir::own(data, "shikaku serve")?;
    if dir.is_demo() {
        return Err(Error::broken(
            "this is a demo's data directory: its desks have no passwords; name another directory",
        ));
    }
    let tls = machine_tls(&settings)?;
    let mut says = Vec::new();
    let opened = running::open(dir, settings, false)?;
    let house = opened.house.clone();
    let cx = house.cx(Asker::new(Actor::System, Purpose::Administration));
    let one_time = staff::rules::OneTime::make(&house.random())?;
    if let Some(login) = house.store().change(|tx| staff::first_administrator(tx, &cx, &one_time))? {
        let text = format!("login: {login}\none-time password: {}\n", one_time.text());
        write_private(&opened.dir.join(FIRST_ADMINISTRATOR), text.as_bytes())?;
        says.push(format!(
            "the first system administrator was made; sign in with {FIRST_ADMINISTRATOR} in the data directory, then \
             delete that file"
        ));
    }
    if tls.is_none() {
        says.push("machines.certificate is not set: terminals are not served, only pages".into());
    }
    let running = runtime.block_on(running::start(opened, tls))?;
    if let Some(machines) = running.machines {
        says.push(format!("machines    https://{machines}"));
    }
    Ok((running, says))
}

const FIRST_ADMINISTRATOR: &str = "first-administrator.txt";

fn machine_tls(settings: &Settings) -> Result<Option<Arc<ServerConfig>>> {
    let machines = &settings.machines;
    if machines.certificate.is_empty() {
        return Ok(None);
    }
    let certificates = |path: &str, key: &str| -> Result<Vec<CertificateDer<'static>>> {
        let read: std::result::Result<Vec<_>, _> =
            CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        let read = read.map_err(|e| Fault::caused(format!("machines.{key} cannot be read as PEM"), e))?;
        match read.is_empty() {
            true => Err(Error::broken(format!("machines.{key} holds no certificate"))),
            false => Ok(read),
        }
    };
    let chain = certificates(&machines.certificate, "certificate")?;
    let authority = certificates(&machines.terminal_authority, "terminal_authority")?;
    let key = PrivateKeyDer::from_pem_file(&machines.key)
        .map_err(|e| Fault::caused("machines.key cannot be read as PEM", e))?;
    listen::machine_tls(chain, key, &authority).map(Some)
}
