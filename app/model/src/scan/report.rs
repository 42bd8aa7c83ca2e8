//! What a scan says, and what collects it.
//!
//! In: what the readers of the single formats find. Out: a [`Scan`] with one verdict. Knows no format.

use std::collections::HashMap;

use super::names::{self, Class};

/// How far a scan goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanLimits {
    /// Size of the file in bytes; a larger one is not read and its verdict is "cannot tell".
    pub n_bytes: u64,
    /// Bytes unpacked over all compressed parts.
    pub n_unpacked: u64,
    /// Pickle operations over all parts.
    pub n_steps: u64,
    /// Values on the stack, in the memo and in containers that are followed, each per pickle.
    pub n_values: usize,
    /// Files inside the archives.
    pub n_parts: usize,
    /// Archives inside archives, and pickles inside pickles.
    pub depth: usize,
    /// Unpacked bytes per compressed byte above which an entry counts as a bomb.
    pub ratio: u64,
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self {
            n_bytes: 2 << 30,
            n_unpacked: 2 << 30,
            n_steps: 200_000_000,
            n_values: 2_000_000,
            n_parts: 20_000,
            depth: 4,
            ratio: 1000,
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A Python pickle; its highest declared protocol, 0 where none is declared.
    Pickle {
        /// 0 to 5; more if the file says so.
        protocol: u8,
    },
    /// A pickle with NumPy arrays between its operations, as joblib writes.
    Joblib,
    /// `torch.save` since version 1.6: a zip archive with a pickle and raw storages.
    PytorchZip,
    /// `torch.save` before version 1.6: several pickles, then raw storages.
    PytorchLegacy,
    /// `torch.jit.save`: a zip archive with code.
    TorchScript,
    /// One array.
    Npy,
    /// A zip archive of arrays.
    Npz,
    /// Keras 3: a zip archive with a JSON configuration and weights.
    KerasZip,
    /// Keras before 3: HDF5 with a JSON configuration.
    KerasH5,
    /// HDF5 without a model configuration.
    Hdf5,
    /// Arrays with a JSON header; holds no code.
    Safetensors,
    /// skops: a zip archive with a JSON schema.
    Skops,
    /// Another zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// Compressed with this; `gzip` and `zlib` are unpacked, others are not.
    Compressed(&'static str),
    /// A model format that holds no code: its name.
    NotDangerous(&'static str),
    /// Not recognized.
    Unknown,
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pickle { protocol } => return write!(f, "pickle protocol {protocol}"),
            Self::Compressed(name) | Self::NotDangerous(name) => name,
            Self::Joblib => "joblib",
            Self::PytorchZip => "PyTorch archive",
            Self::PytorchLegacy => "PyTorch legacy file",
            Self::TorchScript => "TorchScript archive",
            Self::Npy => "NumPy array (npy)",
            Self::Npz => "NumPy archive (npz)",
            Self::KerasZip => "Keras archive",
            Self::KerasH5 => "Keras HDF5",
            Self::Hdf5 => "HDF5",
            Self::Safetensors => "safetensors",
            Self::Skops => "skops archive",
            Self::Zip => "zip archive",
            Self::Tar => "tar archive",
            Self::Unknown => "unknown",
        })
    }
}

/// One file inside the scanned one, or the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its path inside the file; archives inside archives are joined by `!`; empty for the file itself.
    pub name: String,
    /// Bytes it takes in the file.
    pub n_compressed: u64,
    /// Bytes it claims to unpack to.
    pub n_bytes: u64,
    /// What it is.
    pub kind: FileKind,
}

/// What a pickle does with an import. Later variants include earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Only imported; importing a module runs its code.
    Named,
    /// An object of it is made (`INST`, `OBJ`, `NEWOBJ`, `NEWOBJ_EX`).
    Built,
    /// It is called (`REDUCE`).
    Called,
}

/// One thing a pickle imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Module, as the file names it.
    pub module: String,
    /// Name in the module; may be a path with dots.
    pub name: String,
    /// What is done with it.
    pub how: Use,
    /// Where it stands first, in bytes from the beginning of its part.
    pub offset: usize,
    /// Name of the part; empty for the file itself.
    pub part: String,
    /// How dangerous it is.
    pub class: Class,
    /// Why.
    pub why: &'static str,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing.
    Note,
    /// Something could not be read, so nothing can be said of it.
    Unread,
    /// No library writes this, or it can run code.
    Suspicious,
    /// It runs code or hides something from scanners.
    Dangerous,
}

/// One thing worth saying that is not an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A short, stable name: `zip-bomb`, `truncated`…
    pub code: &'static str,
    /// How much it weighs.
    pub weight: Weight,
    /// What was seen.
    pub text: String,
    /// Name of the part; empty for the file itself.
    pub part: String,
    /// Where it was first seen, in bytes from the beginning of its part.
    pub offset: usize,
}

/// What is to be thought of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was read, and loading it runs only known harmless code.
    Safe,
    /// It imports what is not known, or holds what no library writes.
    Suspicious,
    /// Loading it runs code of the file's choosing.
    Dangerous,
    /// Part of it could not be read.
    CannotTell,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Safe => "safe",
            Self::Suspicious => "suspicious",
            Self::Dangerous => "dangerous",
            Self::CannotTell => "cannot tell",
        })
    }
}

/// What a file would do when loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// What it is.
    pub kind: FileKind,
    /// The file itself, then the files inside it.
    pub parts: Vec<Part>,
    /// What its pickles import, each once per part, in the order of the file.
    pub imports: Vec<Import>,
    /// What else was seen, each kind once per part.
    pub findings: Vec<Finding>,
    /// The sum of it.
    pub verdict: Verdict,
    /// Why, the weightiest first; at most ten.
    pub reasons: Vec<String>,
    /// Class of the object the file holds, `sklearn.pipeline.Pipeline`; `None` where it is no object.
    pub estimator: Option<String>,
    /// What it is and what to do instead of loading it; one sentence.
    pub advice: String,
}

const MAX_FINDINGS: usize = 500;
const MAX_IMPORTS: usize = 10_000;
const MAX_NAME: usize = 200;

/// What has been found so far, and what may still be spent.
pub(super) struct Report<'l> {
    pub(super) limits: &'l ScanLimits,
    pub(super) parts: Vec<Part>,
    pub(super) imports: Vec<Import>,
    pub(super) findings: Vec<Finding>,
    pub(super) estimator: Option<String>,
    pub(super) n_steps: u64,
    pub(super) n_unpacked: u64,
    seen: HashMap<(String, String, String), usize>,
    has_too_many: bool,
}

impl<'l> Report<'l> {
    pub(super) fn new(limits: &'l ScanLimits) -> Self {
        Self {
            limits,
            parts: Vec::new(),
            imports: Vec::new(),
            findings: Vec::new(),
            estimator: None,
            n_steps: 0,
            n_unpacked: 0,
            seen: HashMap::new(),
            has_too_many: false,
        }
    }

    /// Says something, once per part.
    pub(super) fn find(
        &mut self,
        code: &'static str,
        weight: Weight,
        part: &str,
        offset: usize,
        text: impl Into<String>,
    ) {
        // A loop over few: the number of findings is bounded.
        let known = self
            .findings
            .iter_mut()
            .find(|old| old.code == code && old.part == part);
        if let Some(known) = known {
            if weight > known.weight {
                known.weight = weight;
                known.text = text.into();
                known.offset = offset;
            }
            return;
        }
        let finding = Finding {
            code,
            weight,
            text: text.into(),
            part: part.to_owned(),
            offset,
        };
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else if let Some(lightest) = self.findings.iter_mut().min_by_key(|old| old.weight)
            && lightest.weight < weight
        {
            *lightest = finding;
        }
    }

    /// Notes an import, and gives its position in the list; `None` if there are too many.
    pub(super) fn import(
        &mut self,
        module: &str,
        name: &str,
        part: &str,
        offset: usize,
    ) -> Option<usize> {
        let key = (part.to_owned(), shorten(module), shorten(name));
        if let Some(idx) = self.seen.get(&key) {
            return Some(*idx);
        }
        if self.imports.len() >= MAX_IMPORTS {
            if !self.has_too_many {
                self.has_too_many = true;
                let text =
                    format!("more than {MAX_IMPORTS} different imports, as no library writes");
                self.find("too-many-imports", Weight::Dangerous, part, offset, text);
            }
            return None;
        }
        let (class, why) = names::classify(module, name);
        let idx = self.imports.len();
        self.imports.push(Import {
            module: key.1.clone(),
            name: key.2.clone(),
            how: Use::Named,
            offset,
            part: part.to_owned(),
            class,
            why,
        });
        self.seen.insert(key, idx);
        Some(idx)
    }

    /// Notes what is done with an import.
    pub(super) fn used(&mut self, import: usize, how: Use) {
        if let Some(import) = self.imports.get_mut(import) {
            import.how = import.how.max(how);
        }
    }

    /// The whole.
    pub(super) fn finish(self, kind: FileKind) -> Scan {
        let (verdict, reasons) = self.verdict(kind);
        let mut advice = advice(kind, self.estimator.as_deref());
        if verdict == Verdict::Dangerous
            && let Some((what, how)) = advice.split_once("; ")
        {
            let reason = reasons.first().map(String::as_str).unwrap_or_default();
            advice = format!("{what}; it is dangerous ({reason}); {how}");
        }
        Scan {
            kind,
            parts: self.parts,
            imports: self.imports,
            findings: self.findings,
            verdict,
            reasons,
            estimator: self.estimator,
            advice,
        }
    }

    fn verdict(&self, kind: FileKind) -> (Verdict, Vec<String>) {
        let mut reasons: Vec<(Weight, String)> = Vec::new();
        for import in &self.imports {
            let weight = match import.class {
                Class::Safe => continue,
                Class::Suspicious => Weight::Suspicious,
                Class::Dangerous => Weight::Dangerous,
            };
            let does = match import.how {
                Use::Named => "imports",
                Use::Built => "builds",
                Use::Called => "calls",
            };
            let text = format!("{does} '{}.{}': {}", import.module, import.name, import.why);
            reasons.push((weight, text));
        }
        let weighty = self.findings.iter().filter(|f| f.weight > Weight::Note);
        reasons.extend(weighty.map(|finding| (finding.weight, finding.text.clone())));
        reasons.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let verdict = match reasons.first() {
            Some((Weight::Dangerous, _)) => Verdict::Dangerous,
            Some((Weight::Suspicious, _)) => Verdict::Suspicious,
            Some(_) => Verdict::CannotTell,
            None if kind == FileKind::Unknown => Verdict::CannotTell,
            None => Verdict::Safe,
        };
        let mut texts: Vec<String> = reasons.into_iter().map(|(_, text)| text).collect();
        if texts.is_empty() && verdict == Verdict::CannotTell {
            texts.push("the format is not known".to_owned());
        }
        texts.truncate(10);
        (verdict, texts)
    }
}

/// A name as it can be shown: control characters are spelled, and the end is cut.
fn shorten(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars().take(MAX_NAME) {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// What a file is, and what to do instead of loading it.
fn advice(kind: FileKind, estimator: Option<&str>) -> String {
    let of = estimator.map_or_else(String::new, |class| format!(" of {class}"));
    let sklearn =
        "export it with skl2onnx.to_onnx(model, X[:1]) or name a Python entry in the project file";
    let never = "it is never loaded, because loading it runs code";
    match kind {
        FileKind::Pickle { .. } | FileKind::Joblib => {
            let what = if kind == FileKind::Joblib {
                "joblib file"
            } else {
                "Python pickle"
            };
            let class = estimator.unwrap_or_default();
            let how = if class.starts_with("xgboost.") {
                "save it with model.save_model(\"model.json\")"
            } else if class.starts_with("lightgbm.") {
                "save it with model.booster_.save_model(\"model.txt\")"
            } else if class.starts_with("catboost.") {
                "save it with model.save_model(\"model.cbm\")"
            } else {
                sklearn
            };
            format!("a {what}{of}; {never}; {how}")
        }
        FileKind::PytorchZip | FileKind::PytorchLegacy | FileKind::TorchScript => {
            format!("a {kind}{of}; {never}; export it with torch.onnx.export")
        }
        FileKind::KerasZip | FileKind::KerasH5 => {
            format!("a {kind}; {never}; export it with model.export(\"model.onnx\", format=\"onnx\")")
        }
        FileKind::Skops => format!("a {kind}{of}; {never}; {sklearn}"),
        FileKind::Compressed(_) => {
            format!("a {kind} file{of}, as joblib writes; {never}; {sklearn}")
        }
        FileKind::Npy | FileKind::Npz | FileKind::Safetensors | FileKind::Hdf5 => {
            format!("a file of arrays ({kind}), not a model; save the model itself, for example as ONNX")
        }
        FileKind::Zip | FileKind::Tar => {
            format!("a {kind}; unpack it and name the model file inside it")
        }
        FileKind::NotDangerous(name) => format!("a file of the format {name}, which holds no code"),
        FileKind::Unknown => "of an unknown kind; save the model as ONNX, or as XGBoost, LightGBM or CatBoost save it themselves".to_owned(),
    }
}
