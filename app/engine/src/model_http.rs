//! A model behind HTTP: the process that asks it for the workers, which may open no network.
//!
//! In: one line of JSON on standard input ([`HttpPlan`] and a socket), then frames on the socket. Out:
//! requests to one URL, by the Open Inference Protocol (version 2, JSON) or `MLflow`'s `/invocations`;
//! answers in frames. Ends when its standard input closes.
//!
//! Rows go out in batches; a request that meets a closed port or a busy server (502, 503, 504) is tried
//! again after a pause. Redirects are not followed: what was consented to is one address. Secrets stand
//! in the environment, and the project file names the variables.

mod invocations;

mod open_inference;

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use interlock_model::remote::answering::{
    Column, Introduction, Question, Values, give, introduce, read_question, refuse,
};
use interlock_plugin_api::facts::Task;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::HttpSource;

/// The word that makes the program this process: its only argument then.
pub const COMMAND: &str = "serve-http-model";

/// Longest answer taken, in bytes.
const MAX_ANSWER: u64 = 1 << 30;

/// How often one batch is sent at most.
const MAX_TRIES: u32 = 3;

/// How to ask a model behind HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpPlan {
    /// Where, and with what.
    #[serde(flatten)]
    pub source: HttpSource,
    /// What is predicted.
    pub task: Task,
    /// The positive class of a binary task.
    pub positive: Option<String>,
    /// Its inputs, where it does not know them itself.
    pub features: Vec<String>,
    /// Its classes, in its order.
    pub classes: Vec<String>,
    /// Grows with every start, so that one that died is started anew.
    pub attempt: u32,
}

#[derive(Deserialize)]
struct Told {
    socket: PathBuf,
    #[serde(flatten)]
    plan: HttpPlan,
}

/// One way to put rows into a request and to find figures in the answer.
trait Protocol: Send + Sync {
    /// Where a batch is sent.
    fn url(&self) -> &str;

    /// The body of a request for these rows.
    fn request(&self, columns: &[Column], rows: std::ops::Range<usize>) -> Value;

    /// The figures of an answer, row by row, and how many per row.
    fn figures(&self, answer: &Value, n_rows: usize) -> Result<(Vec<f64>, usize), String>;
}

/// This process.
///
/// # Errors
/// One sentence, which is also its last word to the host.
pub fn main() -> Result<(), String> {
    let mut line = String::new();
    let failed = |error: std::io::Error| error.to_string();
    std::io::stdin().read_line(&mut line).map_err(failed)?;
    let told: Told = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    let server = Server::new(told.plan)?;
    let listener = UnixListener::bind(&told.socket).map_err(failed)?;
    let server = std::sync::Arc::new(server);
    thread(move || {
        for stream in listener.incoming().flatten() {
            let server = std::sync::Arc::clone(&server);
            let _none_left = thread(move || {
                let _host_has_left = server.serve(&stream);
            });
        }
    })?;
    ready().map_err(failed)?;
    // Ends with the host.
    let mut rest = Vec::new();
    let _closed = std::io::stdin().read_to_end(&mut rest);
    Ok(())
}

fn ready() -> std::io::Result<()> {
    use std::io::Write as _;
    let mut output = std::io::stdout();
    writeln!(output, "ready")?;
    output.flush()
}

fn thread(work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let spawned = std::thread::Builder::new()
        .name("http".to_owned())
        .spawn(work);
    spawned.map(drop).map_err(|error| error.to_string())
}

struct Server {
    plan: HttpPlan,
    agent: ureq::Agent,
    headers: BTreeMap<String, String>,
    protocol: Box<dyn Protocol>,
    features: Vec<String>,
    /// Which figure of a row is the positive class's, where a binary model gives two.
    positive: usize,
}

impl Server {
    fn new(plan: HttpPlan) -> Result<Self, String> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(plan.source.timeout))
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .new_agent();
        let mut headers = BTreeMap::new();
        for (name, variable) in &plan.source.secrets {
            let value = std::env::var(variable).map_err(|_unset| {
                format!("the environment variable '{variable}' for the header '{name}' is not set")
            })?;
            headers.insert(name.clone(), value);
        }
        let mut server = Self {
            agent,
            headers,
            features: plan.features.clone(),
            positive: plan
                .positive
                .as_ref()
                .and_then(|name| plan.classes.iter().position(|class| class == name))
                .unwrap_or(1),
            protocol: Box::new(invocations::Invocations::new(&plan.source.url)),
            plan,
        };
        if open_inference::is_meant(&server.plan.source.url) {
            let base = open_inference::model_url(&server.plan.source.url);
            let metadata = server.fetch(&base, None)?;
            let protocol = open_inference::OpenInference::new(&base, &metadata, &server.features)?;
            if server.features.is_empty() {
                server.features = protocol.features();
            }
            server.protocol = Box::new(protocol);
        }
        Ok(server)
    }

    fn introduction(&self) -> Introduction {
        let (task, n_outputs) = match self.plan.task {
            Task::Binary => ("binary", 1),
            Task::Multiclass => ("multiclass", self.plan.classes.len().max(1)),
            Task::Regression => ("regression", 1),
        };
        let mut classes = self.plan.classes.clone();
        if self.plan.task == Task::Binary && self.positive == 0 {
            classes.reverse();
        }
        Introduction {
            format: "http".to_owned(),
            producer: self.plan.source.url.clone(),
            task: task.to_owned(),
            features: self.features.clone(),
            classes,
            n_outputs,
        }
    }

    fn serve(&self, stream: &UnixStream) -> std::io::Result<()> {
        let mut questions = BufReader::new(stream);
        let mut answers = stream;
        while let Some(question) = read_question(&mut questions)? {
            match question {
                Question::Info => introduce(&mut answers, &self.introduction())?,
                Question::Predict {
                    is_margin: true, ..
                } if self.plan.task != Task::Regression => {
                    refuse(
                        &mut answers,
                        "a model behind HTTP gives no scores before the link",
                    )?;
                }
                Question::Predict {
                    n_rows, columns, ..
                } => match self.predict(&columns, n_rows) {
                    Ok((figures, n_outputs)) => give(&mut answers, &figures, n_outputs)?,
                    Err(why) => refuse(&mut answers, &why)?,
                },
            }
        }
        Ok(())
    }

    fn predict(&self, columns: &[Column], n_rows: usize) -> Result<(Vec<f64>, usize), String> {
        let wanted = self.introduction().n_outputs;
        let columns = self.chosen(columns)?;
        let mut all = Vec::with_capacity(n_rows * wanted);
        let batch = self.plan.source.batch.max(1);
        for first in (0..n_rows).step_by(batch) {
            let rows = first..n_rows.min(first + batch);
            let body = self.protocol.request(&columns, rows.clone());
            let answer = self.fetch(self.protocol.url(), Some(&body))?;
            let (figures, n_outputs) = self.protocol.figures(&answer, rows.len())?;
            match (n_outputs, wanted) {
                (2, 1) if self.plan.task == Task::Binary => {
                    all.extend(
                        figures
                            .chunks_exact(2)
                            .map(|pair| pair[self.positive.min(1)]),
                    );
                }
                (n, wanted) if n == wanted => all.extend(figures),
                (n, wanted) => {
                    return Err(format!(
                        "the server gave {n} figures per row; {wanted} are needed"
                    ));
                }
            }
        }
        Ok((all, wanted))
    }

    /// The columns in the order of the model's inputs.
    fn chosen(&self, columns: &[Column]) -> Result<Vec<Column>, String> {
        if self.features.is_empty() {
            return Ok(columns.to_vec());
        }
        let find = |name: &String| {
            let column = columns.iter().find(|column| column.name == *name);
            column
                .cloned()
                .ok_or_else(|| format!("the model needs the input '{name}', which is not there"))
        };
        self.features.iter().map(find).collect()
    }

    /// Sends a request, again where the server may only be busy, and reads JSON.
    fn fetch(&self, url: &str, body: Option<&Value>) -> Result<Value, String> {
        let mut pause = Duration::from_millis(100);
        for attempt in 1.. {
            let why = match self.fetch_once(url, body) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(why)) => return Err(why),
                Err(Failure::Passing(why)) => why,
            };
            if attempt >= MAX_TRIES {
                return Err(format!("{why} ({MAX_TRIES} attempts)"));
            }
            let _pause = crossbeam_channel::after(pause).recv();
            pause *= 4;
        }
        Err(format!("{url}: never asked"))
    }

    fn fetch_once(&self, url: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let sent = match body {
            None => {
                let mut request = self.agent.get(url);
                for (name, value) in &self.headers {
                    request = request.header(name, value);
                }
                request.call()
            }
            Some(body) => {
                let mut request = self
                    .agent
                    .post(url)
                    .header("Content-Type", "application/json");
                for (name, value) in &self.headers {
                    request = request.header(name, value);
                }
                request.send(body.to_string())
            }
        };
        let mut response = sent.map_err(|error| Failure::of(url, &error))?;
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER)
            .read_to_string()
            .map_err(|error| Failure::of(url, &error))?;
        if matches!(status, 502..=504) {
            return Err(Failure::Passing(format!("{url} answered {status}")));
        }
        if status != 200 {
            let said: String = text.chars().take(200).collect();
            return Err(Failure::Final(format!("{url} answered {status}: {said}")));
        }
        serde_json::from_str(&text)
            .map_err(|error| Failure::Final(format!("{url} answered no JSON: {error}")))
    }
}

/// Why there is no answer.
enum Failure {
    /// Another attempt may help.
    Passing(String),
    /// It will not.
    Final(String),
}

impl Failure {
    fn of(url: &str, error: &ureq::Error) -> Self {
        let text = format!("{url}: {error}");
        match error {
            ureq::Error::ConnectionFailed | ureq::Error::Io(_) => Self::Passing(text),
            _ => Self::Final(text),
        }
    }
}

/// A number for JSON; missing ones are null.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// One cell.
fn cell(values: &Values, row: usize) -> Value {
    match values {
        Values::Numbers(numbers) => number(numbers[row]),
        Values::Texts(texts) => texts[row].as_deref().map_or(Value::Null, Into::into),
    }
}
