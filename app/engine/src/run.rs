//! The loop: waits for events, lets [`App`] decide, carries out its commands.
//!
//! In: files that change, workers that report, readers that ask. Out: pictures for readers, log
//! lines for readers that follow the stream.
//!
//! The only place that reads the clock. Nothing happens between events: an idle engine sleeps in
//! one `select`.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, bounded, never, unbounded};
use interlock_plugin_api::outcome::Role;

use crate::config::Config;
use crate::event::{Command, Event};
use crate::load::{self, LoadSpec};
use crate::model_input::{self, ModelPlan, Prepared, TrainingGuard};
use crate::model_look;
use crate::model_server::{self, Served, StartError};
use crate::picture::{LogEntry, Picture, Request};
use crate::problem::Problem;
use crate::profiles::ProfilePlan;
use crate::store::Store;
use crate::trust::TrustPolicy;
use crate::update::App;
use crate::watch::{self, WatchEvent, Watcher};
use crate::work::{Pool, RawEvent};

/// How to run the engine.
#[derive(Debug, Clone)]
pub struct Options {
    /// The settings in force.
    pub config: Config,
    /// What was odd about them.
    pub problems: Vec<Problem>,
    /// The program that workers are started from; it must know the worker command.
    pub program: PathBuf,
    /// Plugin folders and files that come with the program.
    pub bundled: Vec<PathBuf>,
    /// How many checks may run at once.
    pub n_workers: usize,
    /// Whether to look for changes; a headless run does not.
    pub is_watching: bool,
    /// Whether to look for changes by polling only.
    pub is_polling: bool,
    /// What the user has consented to.
    pub trust: TrustPolicy,
    /// Whether to open the plugins and nothing more: no table is read, no check runs.
    pub only_opens_plugins: bool,
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    /// The newest picture; older ones are replaced, not queued.
    pub pictures: Receiver<Arc<Picture>>,
    /// Every line of the log, once.
    pub log: Receiver<Arc<LogEntry>>,
    /// What readers ask.
    pub requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine in a thread of its own.
    ///
    /// # Errors
    /// If the store's folder cannot be made or a thread cannot be started.
    pub fn start(options: Options) -> std::io::Result<Self> {
        let (picture_sender, pictures) = bounded(1);
        let (log_sender, log) = unbounded();
        let (requests, asked) = unbounded();
        let readers = Readers {
            sender: picture_sender,
            stale: pictures.clone(),
            log: log_sender,
        };
        std::fs::create_dir_all(options.config.state_dir())?;
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            // Ends on `Request::Quit`, or when every sender of requests is gone.
            .spawn(move || Shell::new(options, readers, asked).run())?;
        Ok(Self {
            pictures,
            log,
            requests,
            thread: Some(thread),
        })
    }

    /// Asks the engine to end and waits until its workers are gone.
    pub fn stop(mut self) {
        let _gone = self.requests.send(Request::Quit);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Where pictures and log lines go.
struct Readers {
    sender: Sender<Arc<Picture>>,
    stale: Receiver<Arc<Picture>>,
    log: Sender<Arc<LogEntry>>,
}

impl Readers {
    fn show(&self, picture: Picture) {
        // A picture nobody took yet is out of date now.
        let _old = self.stale.try_recv();
        let _full = self.sender.try_send(Arc::new(picture));
    }
}

struct Shell {
    app: App,
    options: Options,
    readers: Readers,
    asked: Receiver<Request>,
    events: Receiver<Event>,
    sender: Sender<Event>,
    watched: Receiver<WatchEvent>,
    watch_sender: Sender<WatchEvent>,
    watcher: Option<Watcher>,
    worked: Receiver<RawEvent>,
    pool: Pool,
    training: Option<TrainingGuard>,
    /// What the pool had to say while it carried out commands.
    own: Vec<Event>,
}

/// Pictures that only show progress come at most this often.
const PROGRESS_PAUSE: Duration = Duration::from_millis(50);

impl Shell {
    fn new(options: Options, readers: Readers, asked: Receiver<Request>) -> Self {
        let (sender, events) = unbounded();
        let (watch_sender, watched) = unbounded();
        let (work_sender, worked) = unbounded();
        let state = options.config.state_dir();
        let store = Store::open(&state);
        let limits = options.config.plugins.limits.to_work();
        let pool = Pool::new(
            options.program.clone(),
            limits,
            options.n_workers,
            &state.join("work"),
            work_sender,
        );
        let app = App::new(
            options.config.clone(),
            options.problems.clone(),
            options.bundled.clone(),
            store,
            options.trust.clone(),
        );
        Self {
            app,
            options,
            readers,
            asked,
            events,
            sender,
            watched,
            watch_sender,
            watcher: None,
            worked,
            pool,
            training: None,
            own: Vec::new(),
        }
    }

    fn run(mut self) {
        let commands = self.app.begin(clock(), self.options.only_opens_plugins);
        if self.options.is_watching {
            self.watch();
        }
        self.carry_out(commands);
        let mut shown_at: Option<Instant> = None;
        let mut is_due = true;
        loop {
            if is_due {
                self.show();
                shown_at = Some(now());
            }
            let Some(events) = self.wait(if is_due {
                None
            } else {
                shown_at.map(|at| at + PROGRESS_PAUSE)
            }) else {
                break;
            };
            let is_progress = !events.is_empty() && events.iter().all(is_progress);
            for event in events {
                let commands = self.app.update(event, clock());
                self.carry_out(commands);
            }
            let has_rested = shown_at.is_none_or(|at| now() >= at + PROGRESS_PAUSE);
            is_due = !is_progress || has_rested;
        }
        self.pool.shutdown();
    }

    /// Sleeps until something happened; takes all that has. `None` means the end.
    fn wait(&mut self, until: Option<Instant>) -> Option<Vec<Event>> {
        if !self.own.is_empty() {
            return Some(std::mem::take(&mut self.own));
        }
        let deadlines = [
            until,
            self.pool.next_deadline(),
            self.app.next_deadline().map(to_instant),
        ];
        let timer = deadlines
            .into_iter()
            .flatten()
            .min()
            .map_or_else(never, crossbeam_channel::at);
        let mut events = Vec::new();
        crossbeam_channel::select! {
            recv(self.events) -> event => events.extend(event),
            recv(self.worked) -> raw => if let Ok(raw) = raw { events.extend(self.pool_events(raw)); },
            recv(self.watched) -> event => if let Ok(event) = event { events.push(from_watch(event)); },
            recv(self.asked) -> request => match request {
                Ok(Request::Quit) | Err(_) => return None,
                Ok(request) => events.push(Event::Requested(request)),
            },
            recv(timer) -> _ => {
                events.extend(self.pool.deadline_reached(now()).into_iter().map(Event::Work));
                if self.app.next_deadline().is_some_and(|at| at <= clock()) {
                    events.push(Event::DeadlineReached);
                }
            }
        }
        // Whatever else has arrived belongs to the same picture.
        while let Ok(raw) = self.worked.try_recv() {
            events.extend(self.pool_events(raw));
        }
        events.extend(self.events.try_iter());
        Some(events)
    }

    fn pool_events(&mut self, raw: RawEvent) -> Vec<Event> {
        self.pool
            .handle(raw, now())
            .into_iter()
            .map(Event::Work)
            .collect()
    }

    fn show(&mut self) {
        for entry in self.app.take_log() {
            let _nobody_listens = self.readers.log.send(entry);
        }
        self.readers.show(self.app.picture());
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Load {
                    role,
                    generation,
                    spec,
                } => self.load(role, generation, spec),
                Command::PrepareModel { generation, plan } => self.prepare_model(generation, plan),
                Command::Profile(plan) => self.profile(plan),
                Command::AbandonModel => self.training = None,
                Command::OpenLibrary { library, path } => {
                    let events = self.pool.open(library, &path, now());
                    self.own.extend(events.into_iter().map(Event::Work));
                }
                Command::CloseLibrary { library } => self.pool.close(library),
                Command::StartJob(job) => {
                    let events = self.pool.start(*job, now());
                    self.own.extend(events.into_iter().map(Event::Work));
                }
                Command::CancelJob(job) => {
                    let events = self.pool.cancel(job, now());
                    self.own.extend(events.into_iter().map(Event::Work));
                }
                Command::Rewatch if self.options.is_watching => self.watch(),
                Command::Rewatch => {}
            }
        }
    }

    fn load(&self, role: Role, generation: u64, spec: LoadSpec) {
        let root = self.app.config().root.clone();
        let cache = self.app.config().state_dir().join("cache");
        let sender = self.sender.clone();
        self.spawn(&format!("load:{}", role.name()), move || {
            let loaded = load::load(&spec, &root, &cache);
            let _engine_ended = sender.send(Event::TableLoaded {
                role,
                generation,
                loaded,
            });
        });
    }

    fn profile(&self, plan: ProfilePlan) {
        let sender = self.sender.clone();
        self.spawn("profile", move || {
            plan.carry_out(&mut |profiled| {
                let _engine_ended = sender.send(Event::Profiled(profiled));
            });
        });
    }

    fn prepare_model(&mut self, generation: u64, plan: ModelPlan) {
        let sender = self.sender.clone();
        let send = move |model, file| {
            let prepared = Prepared {
                model,
                file,
                imports: Vec::new(),
            };
            let _engine_ended = sender.send(Event::ModelPrepared {
                generation,
                prepared,
            });
        };
        let root = self.app.config().root.clone();
        match plan {
            ModelPlan::Open { path } => {
                self.spawn("model:open", move || {
                    let file = model_look::look(&path, &root);
                    send(model_input::open(&path), file);
                });
            }
            ModelPlan::Train(training) if training.output.exists() => {
                self.spawn("model:open", move || {
                    send(model_input::open(&training.output), None);
                });
            }
            ModelPlan::Train(training) => {
                match model_input::begin(&self.options.program, &training) {
                    Ok((child, guard)) => {
                        self.training = Some(guard);
                        self.spawn("model:train", move || {
                            send(model_input::finish(child, &training), None);
                        });
                    }
                    Err(why) => send(Err(why), None),
                }
            }
            ModelPlan::Python(plan) => {
                let path = plan.source.path.clone();
                self.serve_model(generation, path, move || model_server::start(&plan));
            }
            ModelPlan::Http(plan) => {
                let program = self.options.program.clone();
                self.serve_model(generation, None, move || {
                    model_server::start_http(&plan, &program)
                });
            }
        }
    }

    /// Starts the process that serves a model, and tells when it ends.
    fn serve_model(
        &self,
        generation: u64,
        path: Option<PathBuf>,
        start: impl FnOnce() -> Result<Served, StartError> + Send + 'static,
    ) {
        let events = self.sender.clone();
        let root = self.app.config().root.clone();
        self.spawn("model:serve", move || {
            let file = path.and_then(|path| model_look::look(&path, &root));
            let prepared = model_input::served(start(), file);
            let server = prepared.model.as_ref().ok().and_then(|model| {
                let server = &model.served.as_ref()?.server;
                Some((server.ended(), Arc::downgrade(server)))
            });
            let _engine_ended = events.send(Event::ModelPrepared {
                generation,
                prepared,
            });
            // Waits for the end of the process, which comes with the last snapshot that uses it, if
            // not by itself.
            let Some((ended, server)) = server else {
                return;
            };
            let _closed = ended.recv();
            if let Some(server) = server.upgrade() {
                let _engine_ended = events.send(Event::ModelEnded {
                    generation,
                    last_words: server.last_words(),
                });
            }
        });
    }

    /// Starts a thread that ends by itself when its work is done.
    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) {
        if let Err(error) = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
        {
            let text = format!("cannot start the thread '{name}': {error}");
            let _engine_ended = self.sender.send(Event::WatchTold {
                text,
                watcher: None,
            });
        }
    }

    fn watch(&mut self) {
        let set = self.app.watch_set();
        match &mut self.watcher {
            Some(watcher) => watcher.set(set),
            None => {
                self.watcher = Some(watch::start(
                    set,
                    self.options.is_polling,
                    &self.watch_sender,
                ));
            }
        }
    }
}

fn from_watch(event: WatchEvent) -> Event {
    match event {
        WatchEvent::Changed { paths } => Event::FilesChanged { paths },
        WatchEvent::Watching { how } => Event::WatchTold {
            text: String::new(),
            watcher: Some(how),
        },
        WatchEvent::Fallback { reason, how } => Event::WatchTold {
            text: reason,
            watcher: Some(how),
        },
    }
}

fn is_progress(event: &Event) -> bool {
    use crate::work::WorkEvent;
    matches!(
        event,
        Event::Work(
            WorkEvent::Progressed { .. } | WorkEvent::Output { .. } | WorkEvent::Workers { .. }
        ) | Event::Profiled(_)
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "the loop is the engine's only clock"
)]
fn clock() -> SystemTime {
    SystemTime::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the loop is the engine's only clock"
)]
fn now() -> Instant {
    Instant::now()
}

/// The moment on the monotonic clock at which the wall clock will show this.
fn to_instant(at: SystemTime) -> Instant {
    now() + at.duration_since(clock()).unwrap_or_default()
}
