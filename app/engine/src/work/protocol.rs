//! The frames between the host and a worker.
//!
//! In and out: `length: u32 LE, kind: u8, payload`. Commands go to the worker's standard input;
//! answers come on a private pipe end that nothing in the plugin writes to by accident.
//!
//! Both sides bound what they read. Payloads are MessagePack, except outcomes, which are passed on
//! as the plugin gave them.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use interlock_plugin_api::check_info::{CheckInfo, PluginInfo};
use interlock_plugin_api::error::CheckError;
use interlock_plugin_api::outcome::Role;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::job::{Limits, ModelFile};

/// Largest payload a side accepts. An outcome is bounded to less by `decode_outcome`.
pub(crate) const MAX_PAYLOAD: usize = 64 << 20;

/// Opens the library; the first command of every worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Open {
    /// The user's file.
    pub(crate) source: PathBuf,
    /// The private copy to open; made from `source` if `is_copy_needed`.
    pub(crate) copy: PathBuf,
    pub(crate) is_copy_needed: bool,
    /// The only folder the plugin may write to.
    pub(crate) scratch: PathBuf,
    pub(crate) limits: Limits,
}

/// Runs a check.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) check: String,
    pub(crate) params: Vec<u8>,
    pub(crate) facts: Vec<u8>,
    pub(crate) tables: Vec<(Role, PathBuf)>,
    pub(crate) columns: Vec<String>,
    pub(crate) model: Option<ModelFile>,
    pub(crate) seed: u64,
    pub(crate) budget: Duration,
}

/// What the library says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) info: PluginInfo,
    pub(crate) checks: Vec<CheckInfo>,
}

/// Why the library could not be opened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenFailed {
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) details: Option<String>,
}

/// How far a run is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) share: Option<f64>,
    pub(crate) activity: String,
}

/// What the host tells a worker.
#[derive(Debug)]
pub(crate) enum ToWorker {
    Open(Box<Open>),
    Run(Box<Run>),
}

/// What a worker tells the host.
#[derive(Debug)]
pub(crate) enum FromWorker {
    Opened(Box<Opened>),
    OpenFailed(OpenFailed),
    Progress(Progress),
    /// The bytes of an outcome.
    Partial(Vec<u8>),
    /// The bytes of an outcome.
    Finished(Vec<u8>),
    Failed(CheckError),
    /// A line for the output pane.
    Log(String),
}

impl ToWorker {
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Open(open) => write_frame(to, 0, &encode(open)?),
            Self::Run(run) => write_frame(to, 1, &encode(run)?),
        }
    }

    /// `None` at the end of the stream.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some((kind, payload)) = read_frame(from)? else {
            return Ok(None);
        };
        match kind {
            0 => decode(&payload).map(|open| Some(Self::Open(open))),
            1 => decode(&payload).map(|run| Some(Self::Run(run))),
            other => Err(invalid(format!("there is no command of kind {other}"))),
        }
    }
}

impl FromWorker {
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Opened(opened) => write_frame(to, 0, &encode(opened)?),
            Self::OpenFailed(failed) => write_frame(to, 1, &encode(failed)?),
            Self::Progress(progress) => write_frame(to, 2, &encode(progress)?),
            Self::Partial(bytes) => write_frame(to, 3, bytes),
            Self::Finished(bytes) => write_frame(to, 4, bytes),
            Self::Failed(error) => write_frame(to, 5, &encode(error)?),
            Self::Log(line) => write_frame(to, 6, line.as_bytes()),
        }
    }

    /// `None` at the end of the stream; an error if a frame is not one of ours.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some((kind, payload)) = read_frame(from)? else {
            return Ok(None);
        };
        let answer = match kind {
            0 => Self::Opened(decode(&payload)?),
            1 => Self::OpenFailed(decode(&payload)?),
            2 => Self::Progress(decode(&payload)?),
            3 => Self::Partial(payload),
            4 => Self::Finished(payload),
            5 => Self::Failed(decode(&payload)?),
            6 => Self::Log(String::from_utf8_lossy(&payload).into_owned()),
            other => return Err(invalid(format!("there is no answer of kind {other}"))),
        };
        Ok(Some(answer))
    }
}

fn encode(value: &impl Serialize) -> io::Result<Vec<u8>> {
    rmp_serde::to_vec_named(value).map_err(|error| invalid(error.to_string()))
}

fn decode<T: DeserializeOwned>(payload: &[u8]) -> io::Result<T> {
    rmp_serde::from_slice(payload).map_err(|error| invalid(error.to_string()))
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn write_frame(to: &mut impl Write, kind: u8, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|_| payload.len() <= MAX_PAYLOAD)
        .ok_or_else(|| invalid(format!("a message of {} bytes is too long", payload.len())))?;
    // One write, so that a reader never sees half a header for long.
    let mut frame = Vec::with_capacity(5 + payload.len());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.push(kind);
    frame.extend_from_slice(payload);
    to.write_all(&frame)?;
    to.flush()
}

fn read_frame(from: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut header = [0; 5];
    let mut filled = 0;
    while filled < header.len() {
        match from.read(&mut header[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let [a, b, c, d, kind] = header;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if length > MAX_PAYLOAD {
        return Err(invalid(format!(
            "an answer claims {length} bytes, the limit is {MAX_PAYLOAD}"
        )));
    }
    // Grows with what arrives, not with what is claimed.
    let mut payload = Vec::new();
    from.take(length as u64).read_to_end(&mut payload)?;
    if payload.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((kind, payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back() {
        let mut bytes = Vec::new();
        FromWorker::Log("one".to_owned()).write(&mut bytes).unwrap();
        FromWorker::Finished(vec![1, 2, 3])
            .write(&mut bytes)
            .unwrap();
        let mut from = bytes.as_slice();
        assert!(
            matches!(FromWorker::read(&mut from).unwrap(), Some(FromWorker::Log(line)) if line == "one")
        );
        assert!(
            matches!(FromWorker::read(&mut from).unwrap(), Some(FromWorker::Finished(b)) if b == [1, 2, 3])
        );
        assert!(FromWorker::read(&mut from).unwrap().is_none());
    }

    #[test]
    fn a_claimed_length_is_not_believed() {
        let mut long = u32::MAX.to_le_bytes().to_vec();
        long.push(4);
        let error = FromWorker::read(&mut long.as_slice()).unwrap_err();
        assert!(
            error.to_string().contains("claims 4294967295 bytes"),
            "{error}"
        );

        let mut short = 100_u32.to_le_bytes().to_vec();
        short.extend([4, 1, 2, 3]);
        let error = FromWorker::read(&mut short.as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn an_unknown_kind_is_an_error() {
        let frame = [0, 0, 0, 0, 99];
        let error = FromWorker::read(&mut frame.as_slice()).unwrap_err();
        assert!(
            error.to_string().contains("no answer of kind 99"),
            "{error}"
        );
    }
}
