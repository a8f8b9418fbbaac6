//! What proves cards in this program: the authority's certificates and lists from the settings, the key of the nonces
//! from the data, joined into one prover for the reader's desk and the person's own pages.
//!
//! Always holds: the demo accepts the invented authority and nothing else, `serve` the hierarchy that its settings
//! name; anchors of the other one are refused at the start. A list that cannot be read is left out and logged: what it
//! would have said *could not be determined*.
//! Not here: what a certificate is worth (`pki`, `cards`), the commands that make and show card files (`card_files`).
//! Rules come from: DESIGN section 2, "Test authority and production anchors never mix".

use crate::{rim, settings};
use base::{Error, Fault, Result};
use cards::proof::{Prover, Settings, Status};
use pki::{Anchors, Certificate, Crl, Grace, Hierarchy, Lists, Terms};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{fs, path::Path, sync::Arc};
use store::Store;

/// The prover of a program with these settings; `invented` are the demo's anchors.
pub fn prover(settings: &settings::Cards, invented: Option<Vec<Vec<u8>>>, store: &Store) -> Result<Prover> {
    let anchors = anchors(settings, invented)?;
    let mut fresh = [0; 32];
    rim::random(&mut fresh);
    let key = store.secret("reader-nonce", fresh)?;
    let months = i64::from(settings.grace_months);
    let grace = match settings.grace_ends {
        _ if months == 0 => Grace::None,
        settings::GraceEnds::Day => Grace::ToTheDay { months },
        settings::GraceEnds::Month => Grace::MonthEnd { months },
    };
    let proving = Settings {
        terms: Terms { soon_months: settings.warn_months.into(), grace },
        nonce_life_ms: settings.nonce_life_s * 1000,
    };
    let status = status(settings, &anchors)?;
    Ok(Prover::new(anchors, &key, proving, status))
}

fn anchors(settings: &settings::Cards, invented: Option<Vec<Vec<u8>>>) -> Result<Anchors> {
    let (hierarchy, certificates) = match invented {
        Some(invented) => (Hierarchy::Test, invented),
        None => {
            let hierarchy = match settings.hierarchy {
                settings::Hierarchy::Production => Hierarchy::Production,
                settings::Hierarchy::Test => Hierarchy::Test,
            };
            (hierarchy, read_anchors(&settings.anchors)?)
        }
    };
    let parsed: std::result::Result<Vec<Certificate>, _> =
        certificates.iter().map(|der| Certificate::parse(der)).collect();
    let parsed =
        parsed.map_err(|_| Error::broken("cards.anchors holds what is no certificate in strict DER"))?;
    Anchors::new(hierarchy, parsed).map_err(|refused| {
        Error::broken(format!(
            "cards.anchors: a certificate there cannot be an anchor ({refused:?}); test and production never mix"
        ))
    })
}

fn read_anchors(path: &str) -> Result<Vec<Vec<u8>>> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let read: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let read: Vec<CertificateDer<'_>> =
        read.map_err(|e| Fault::caused("cards.anchors cannot be read as PEM", e))?;
    match read.is_empty() {
        true => Err(Error::broken("cards.anchors holds no certificate")),
        false => Ok(read.into_iter().map(|certificate| certificate.to_vec()).collect()),
    }
}

/// Where states are asked for, as it is now; read anew from time to time by the work beside.
pub fn status(settings: &settings::Cards, anchors: &Anchors) -> Result<Status> {
    match settings.status {
        settings::StatusSource::Register => Ok(Status::Register),
        settings::StatusSource::Lists => Ok(Status::Lists {
            lists: Arc::new(read_lists(Path::new(&settings.lists), anchors)?),
            age_max_ms: settings.status_age_max_s * 1000,
        }),
    }
}

/// Lists beyond this number are left alone: one a municipality, and there are fewer than two thousand.
const LISTS_MAX: usize = 4096;

fn read_lists(folder: &Path, anchors: &Anchors) -> Result<Lists> {
    let entries = fs::read_dir(folder).map_err(|e| Fault::caused("cards.lists cannot be read", e))?;
    let mut lists = Lists::new();
    let mut left_out = 0;
    for entry in entries.flatten().take(LISTS_MAX) {
        let read = fs::read(entry.path()).ok().and_then(|bytes| Crl::parse(&bytes).ok());
        let added = read.is_some_and(|crl| lists.add(crl, anchors).is_ok());
        left_out += usize::from(!added);
    }
    if left_out > 0 {
        tracing::warn!(left_out, "files in cards.lists are no lists of a trusted authority");
    }
    Ok(lists)
}
