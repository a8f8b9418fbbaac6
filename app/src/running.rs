//! A running Shikaku: store, house, listeners, and the work that goes on beside them (sealing, forgetting old request
//! keys). `demo` and `serve` are two ways to fill one in.
//!
//! Always holds: what is started here is ended here, in order: listeners first, then the work beside, then a last
//! checkpoint; after a clean end nothing of the log is unsealed. The store is opened before the runtime's work begins
//! and closed after the runtime has ended: PostgreSQL's client cannot be opened or closed on a runtime's thread.
//! Not here: certificates and people of the demo (`demo`).
//! Rules come from: DESIGN sections 1 and 4.

use crate::{
    cards,
    datadir::{self, DataDir},
    listen::{self, MachineDoor},
    rim::{TimeIds, WallClock, random_source},
    settings::Settings,
    statistics::{self, Statistics},
    status, visitors,
};
use ::cards::proof::Prover;
use audit::{Ledger, Sealer};
use base::{Clock, Fault, Result};
use portal::web::ReaderAddress;
use rustls::ServerConfig;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use store::{Place, Store};
use tokio::{runtime::Runtime, sync::watch};
use web::{
    house::{House, Parts},
    routes::Routes,
};

/// An opened Shikaku that does not listen yet.
pub struct Opened {
    /// The directory.
    pub dir: DataDir,
    /// The house.
    pub house: House,
    /// The settings.
    pub settings: Settings,
    /// The audit ledger, which knows how many rows wait.
    pub ledger: Arc<Ledger>,
    /// What the desks behind cards need.
    pub desks: Desks,
    sealer: Sealer,
}

/// What the desks behind cards need; made before the runtime's work begins, since it reads secrets from the data.
#[derive(Clone)]
pub struct Desks {
    /// What proves cards.
    pub prover: Arc<Prover>,
    /// The reader's doors.
    pub reader: Arc<reader::web::Door>,
    /// Where a person's browser finds a reader.
    pub reader_address: ReaderAddress,
    /// The counts behind the page of statistics.
    pub statistics: Arc<Statistics>,
}

impl Desks {
    fn open(house: &House, settings: &Settings, prover: Arc<Prover>) -> Result<Desks> {
        let desk = reader::Desk {
            settings: settings.reader.settings()?,
            counter: settings.check.into(),
            prover: prover.clone(),
        };
        let reader = Arc::new(reader::web::Door::new(desk, house.store(), house.random())?);
        let reader_address = ReaderAddress::default();
        if !settings.portal.reader.is_empty() {
            reader_address.set(&settings.portal.reader);
        }
        let replica = Some(settings.database.statistics.as_str()).filter(|url| !url.is_empty());
        let statistics = Statistics::new(house.store().beside(replica));
        Ok(Desks { prover, reader, reader_address, statistics })
    }
}

impl Opened {
    /// Seals the log, for commands that load much without being started.
    pub fn seal(&mut self) -> Result<()> {
        self.sealer.seal(self.house.store(), self.house.now()).map(|_| ())
    }
}

/// Where the settings say that the data lie.
pub fn place(settings: &Settings, dir: &DataDir) -> Place {
    match settings.database.url.as_str() {
        "sqlite" => Place::Sqlite { dir: dir.path().to_owned(), vfs: None },
        url => Place::Postgres { url: url.to_owned() },
    }
}

/// Opens the data and the house. A demo accepts the invented authority's cards.
pub fn open(dir: DataDir, settings: Settings, demo: bool) -> Result<Opened> {
    let clock = if demo { datadir::clock(dir.path(), &settings) } else { WallClock::new(0) };
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let ids = Arc::new(TimeIds::new());
    let random = random_source();
    let ledger = Arc::new(Ledger::new(ids.clone(), random.clone()));
    let store = Store::open(place(&settings, &dir), ledger.clone())?;
    let sealer = Sealer::new(dir.signing_key()?);
    let invented = demo.then(country::anchors);
    let prover = Arc::new(cards::prover(&settings.cards, invented, &store)?);
    let house = House::open(Parts {
        store,
        clock,
        ids,
        random,
        hosts: settings.pages.hosts.clone(),
        demo,
        behind_https: settings.pages.behind_https,
        desk_threads: settings.machines.threads,
        desk_queue: settings.machines.queue,
        page_threads: settings.pages.threads,
        page_queue: settings.pages.queue,
    })?;
    let desks = Desks::open(&house, &settings, prover)?;
    Ok(Opened { dir, house, settings, ledger, desks, sealer })
}

/// How `staff` learns names of facilities without knowing `facilities`.
const PLACES: staff::web::Places = staff::web::Places {
    find: |tx, code| Ok(facilities::find(tx, code)?.map(place_of)),
    get: |tx, id| Ok(facilities::get(tx, id)?.map(place_of)),
};

/// How the access log names those who asked.
const STAFF_NAMES: counter::web::StaffNames = counter::web::StaffNames(|tx, cx| {
    let accounts = staff::list(tx, cx, None, STAFF_NAMES_MAX)?;
    Ok(accounts.into_iter().map(|account| (account.id, account.new.name)).collect())
});
const STAFF_NAMES_MAX: usize = 1_000;

fn place_of(facility: facilities::rules::Facility) -> staff::web::Place {
    staff::web::Place { id: facility.id, name: facility.entry.name }
}

/// All routes of pages, for the router and for the permission table.
pub fn page_routes(settings: &Settings, demo: bool, desks: &Desks) -> Routes {
    let portal = portal::web::Portal { prover: desks.prover.clone(), reader: desks.reader_address.clone() };
    Routes::new()
        .join(counter::web::routes(settings.check.into(), STAFF_NAMES))
        .join(facilities::web::routes())
        .join(registration::web::routes())
        .join(portal::web::routes(portal))
        .join(staff::web::routes(demo, PLACES))
        .join(status::routes())
        .join(statistics::routes(demo, desks.statistics.clone()))
}

/// All routes of machines.
pub fn machine_routes(settings: &Settings, desks: &Desks) -> Routes {
    Routes::new()
        .join(counter::web::machine_routes(settings.check.into()))
        .join(reader::web::machine_routes(desks.reader.clone()))
        .join(intake::web::machine_routes())
        .join(status::machine_routes())
}

/// The pages' router with its guards.
pub fn page_router(house: &House, settings: &Settings, desks: &Desks) -> axum::Router {
    let guard = axum::middleware::from_fn_with_state(house.clone(), visitors::recognise);
    page_routes(settings, house.is_demo(), desks)
        .into_router(house.clone())
        .fallback(status::not_found)
        .layer(axum::extract::DefaultBodyLimit::max(64 * 1024))
        .layer(guard)
}

/// A Shikaku that answers.
pub struct Running {
    /// The house.
    pub house: House,
    /// Where pages answer.
    pub pages: SocketAddr,
    /// Where machines answer, when they do.
    pub machines: Option<SocketAddr>,
    /// Where a person's browser finds a reader: told when there is one.
    pub reader_address: ReaderAddress,
    stop: watch::Sender<bool>,
    listeners: Vec<tokio::task::JoinHandle<Result<()>>>,
    beside: Beside,
    dir: DataDir,
}

/// Starts listeners and the work beside.
pub async fn start(opened: Opened, tls: Option<Arc<ServerConfig>>) -> Result<Running> {
    let Opened { dir, house, settings, ledger, desks, sealer } = opened;
    let (stop, stopped) = watch::channel(false);
    let listener = listen::bind(settings.pages.listen).await?;
    let local = |listener: &tokio::net::TcpListener| {
        listener.local_addr().map_err(|e| Fault::caused("a listener has no address", e))
    };
    let pages = local(&listener)?;
    let router = page_router(&house, &settings, &desks);
    let mut listeners = vec![tokio::spawn(listen::pages(listener, router, stopped.clone()))];
    let mut machines = None;
    if let Some(tls) = tls {
        let listener = listen::bind(settings.machines.listen).await?;
        machines = Some(local(&listener)?);
        let router = machine_routes(&settings, &desks)
            .into_router(house.clone())
            .layer(axum::extract::DefaultBodyLimit::max(1024 * 1024));
        let door = MachineDoor {
            router,
            house: house.clone(),
            tls,
            connections_max: settings.machines.connections_max,
        };
        listeners.push(tokio::spawn(listen::machines(listener, door, stopped)));
    }
    let beside = Beside::start(house.clone(), ledger, sealer, &settings, desks.prover)?;
    let reader_address = desks.reader_address;
    Ok(Running { house, pages, machines, reader_address, stop, listeners, beside, dir })
}

impl Running {
    /// The data directory.
    pub fn dir(&self) -> &DataDir {
        &self.dir
    }

    /// Stops taking work, lets what runs finish, and ends the work beside with a last checkpoint. The runtime goes
    /// before the house: lines to PostgreSQL have runtimes of their own, which must not end inside another.
    pub fn end(self, runtime: Runtime) -> Result<()> {
        let Running { house, stop, listeners, beside, .. } = self;
        let _ = stop.send(true);
        let ended = runtime.block_on(async {
            for listener in listeners {
                listener.await.map_err(|e| Fault::caused("a listener's task ended early", e))??;
            }
            Ok(())
        });
        drop(runtime);
        beside.end();
        drop(house);
        ended
    }
}

/// The work beside: a thread that seals the log, forgets old request keys, and reads the lists of certificates anew.
struct Beside {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

const TICK: Duration = Duration::from_millis(50);
const FORGET_EVERY_MS: i64 = 60_000;

impl Beside {
    fn start(
        house: House,
        ledger: Arc<Ledger>,
        mut sealer: Sealer,
        settings: &Settings,
        prover: Arc<Prover>,
    ) -> Result<Beside> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let (audit, certificates) = (settings.audit, settings.cards.clone());
        let work = move || {
            let (mut sealed_rows, mut sealed_ms, mut forgot_ms) = (0, 0, 0);
            loop {
                let last = stopped.load(Ordering::Relaxed);
                let (now, rows) = (house.now(), ledger.rows());
                let waited = u64::try_from(now.ms() - sealed_ms).unwrap_or(u64::MAX);
                if last || waited >= audit.seal_every_ms || rows - sealed_rows >= audit.seal_every_rows {
                    let sealed = sealer.seal(house.store(), now);
                    if let Err(error) = &sealed {
                        tracing::error!(%error, "the log could not be sealed; trying again in a while");
                    }
                    house.set_healthy(sealed.is_ok());
                    (sealed_rows, sealed_ms) = (rows, now.ms());
                }
                if now.ms() - forgot_ms >= FORGET_EVERY_MS {
                    forgot_ms = now.ms();
                    if let Err(error) = house.store().forget_requests(now) {
                        tracing::error!(%error, "old request keys could not be forgotten; trying again");
                    }
                    // While they cannot be read the earlier ones stay, and say less and less: they grow too old.
                    match cards::status(&certificates, prover.anchors()) {
                        Ok(status) => prover.set_status(status),
                        Err(error) => tracing::error!(%error, "the lists of certificates could not be read"),
                    }
                }
                if last {
                    return;
                }
                std::thread::park_timeout(TICK);
            }
        };
        let thread = std::thread::Builder::new()
            .name("beside".into())
            .spawn(work)
            .map_err(|e| Fault::caused("no thread for the work beside", e))?;
        Ok(Beside { stop, thread })
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let _ = self.thread.join();
    }
}
