//! Runs a check through the real border, in a test.
//!
//! In: tables as CSV text, a model as a closure, settings. Out: the check's outcome, as the host
//! would take it: encoded, decoded, and within the host's bounds.
//!
//! ```ignore
//! let table = TestTable::from_csv("zip\n10115\n1011\n");
//! let outcome = Run::new(crate::module()).table(Role::Train, table).check("acme.zip-codes")?;
//! assert_eq!(outcome.verdict, Verdict::Fail);
//! ```

mod arrow;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::border::PluginModuleRef;
use crate::check_info::{Need, Needs};
use crate::ensemble::TreeEnsemble;
use crate::error::{CheckError, CheckErrorKind};
use crate::facts::{ColumnFacts, ModelFacts, ProjectFacts};
use crate::features::{Feature, FeatureValues, Features};
use crate::host::{
    ArrowArray, ArrowSchema, HostServices, Plugin, PredictColumn, PredictValues, Space,
    decode_outcome,
};
use crate::model::Predictions;
use crate::outcome::{Outcome, Role};
use crate::wire;

pub use crate::test_kit::arrow::{TestColumn, TestTable};

type Closure = Box<dyn Fn(&Features) -> Predictions>;

/// One run of a check.
pub struct Run {
    module: PluginModuleRef,
    tables: BTreeMap<Role, TestTable>,
    facts: ProjectFacts,
    params: BTreeMap<String, Vec<u8>>,
    model: Option<Closure>,
    ensemble: Option<TreeEnsemble>,
    seed: u64,
    heard: Heard,
}

/// What a run told meanwhile.
#[derive(Debug, Default)]
struct Heard {
    partials: RefCell<Vec<Outcome>>,
    progress: RefCell<Vec<(Option<f64>, String)>>,
    log: RefCell<Vec<String>>,
}

impl Run {
    /// A run of a check of this module: `crate::module()` of a crate with `plugin!`.
    pub fn new(module: PluginModuleRef) -> Self {
        Self {
            module,
            tables: BTreeMap::new(),
            facts: ProjectFacts {
                name: "test".to_owned(),
                ..ProjectFacts::default()
            },
            params: BTreeMap::new(),
            model: None,
            ensemble: None,
            seed: 0,
            heard: Heard::default(),
        }
    }

    /// Gives it a table. Columns that are not described yet are described by their type.
    #[must_use]
    pub fn table(mut self, role: Role, table: TestTable) -> Self {
        for column in &table.columns {
            if self.facts.column(&column.name).is_none() {
                self.facts.columns.push(ColumnFacts {
                    name: column.name.clone(),
                    kind: column.kind(),
                    is_sensitive: false,
                    is_immutable: false,
                    min: None,
                    max: None,
                    unit: String::new(),
                    monotone: None,
                    allowed: Vec::new(),
                });
            }
        }
        self.tables.insert(role, table);
        self
    }

    /// Changes what the project file says: call it after the tables.
    #[must_use]
    pub fn facts(mut self, change: impl FnOnce(&mut ProjectFacts)) -> Self {
        change(&mut self.facts);
        self
    }

    /// Gives it a model.
    #[must_use]
    pub fn model(
        mut self,
        predict: impl Fn(&Features) -> Predictions + 'static,
        facts: ModelFacts,
    ) -> Self {
        self.model = Some(Box::new(predict));
        self.facts.model = Some(facts);
        self
    }

    /// Gives it the trees of the model, after the model itself. They should predict as it does.
    #[must_use]
    pub fn ensemble(mut self, trees: TreeEnsemble) -> Self {
        self.ensemble = Some(trees);
        if let Some(facts) = &mut self.facts.model {
            facts.has_ensemble = true;
        }
        self
    }

    /// Sets one setting of the check.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl Serialize) -> Self {
        self.params.insert(name.to_owned(), wire::encode(&value));
        self
    }

    /// Sets the seed; 0 without.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs the check of this id. As in the program, it sees only what it declares: a table, the
    /// model or the target that its `needs` do not name are not there.
    ///
    /// # Errors
    /// The check's own error, or why its outcome would be refused.
    pub fn check(&self, id: &str) -> Result<Outcome, CheckError> {
        let plugin = Plugin::of_module(self.module)?;
        let info = plugin.checks.iter().find(|check| check.id == id);
        let needs = info.map(|check| check.needs.clone()).unwrap_or_default();
        let services = Services {
            run: self,
            facts: wire::encode(&self.facts.seen_by(&needs)),
            needs,
            params: self.encoded_params(),
        };
        decode_outcome(&plugin.run(id, &services)?)
    }

    /// The partial outcomes of the runs so far.
    pub fn partials(&self) -> Vec<Outcome> {
        self.heard.partials.borrow().clone()
    }

    /// The progress told in the runs so far.
    pub fn progress(&self) -> Vec<(Option<f64>, String)> {
        self.heard.progress.borrow().clone()
    }

    /// The lines logged in the runs so far.
    pub fn log(&self) -> Vec<String> {
        self.heard.log.borrow().clone()
    }

    /// A MessagePack map: its header, then keys and already encoded values.
    fn encoded_params(&self) -> Vec<u8> {
        let n = u32::try_from(self.params.len()).unwrap_or(u32::MAX);
        let mut bytes = vec![0xdf];
        bytes.extend(n.to_be_bytes());
        for (name, value) in &self.params {
            bytes.extend(wire::encode(name));
            bytes.extend(value);
        }
        bytes
    }
}

struct Services<'a> {
    run: &'a Run,
    facts: Vec<u8>,
    needs: Needs,
    params: Vec<u8>,
}

impl HostServices for Services<'_> {
    fn facts(&self) -> &[u8] {
        &self.facts
    }

    fn params(&self) -> &[u8] {
        &self.params
    }

    fn table(&self, role: Role) -> Option<(ArrowArray, ArrowSchema)> {
        let table = self.run.tables.get(&role);
        table
            .filter(|_| self.needs.table(role) != Need::No)
            .map(TestTable::export)
    }

    fn predict(
        &self,
        n_rows: usize,
        columns: &[PredictColumn<'_>],
        space: Space,
        out: &mut Vec<f64>,
    ) -> Result<u32, CheckError> {
        let model = self
            .run
            .model
            .as_ref()
            .filter(|_| self.needs.model != Need::No)
            .ok_or_else(|| CheckError::new(CheckErrorKind::Model, "no model"))?;
        let columns = columns.iter().map(owned).collect();
        let predictions = model(&Features { n_rows, columns });
        match space {
            Space::Probability => out.extend(&predictions.values),
            Space::Margin => out.extend(predictions.values.iter().map(|p| (p / (1.0 - p)).ln())),
        }
        u32::try_from(predictions.n_outputs).map_err(|error| CheckError::failed(error.to_string()))
    }

    fn ensemble(&self) -> Vec<u8> {
        let trees = self.run.ensemble.as_ref();
        trees
            .filter(|_| self.needs.model != Need::No)
            .map(wire::encode)
            .unwrap_or_default()
    }

    fn seed(&self) -> u64 {
        self.run.seed
    }

    fn budget_ms(&self) -> u64 {
        60_000
    }

    fn progress(&self, share: Option<f64>, activity: &str) {
        self.run
            .heard
            .progress
            .borrow_mut()
            .push((share, activity.to_owned()));
    }

    fn partial(&self, outcome: &[u8]) {
        if let Ok(outcome) = decode_outcome(outcome) {
            self.run.heard.partials.borrow_mut().push(outcome);
        }
    }

    fn log(&self, text: &str) {
        self.run.heard.log.borrow_mut().push(text.to_owned());
    }
}

fn owned(column: &PredictColumn<'_>) -> Feature {
    let values = match column.values {
        PredictValues::Numeric(values) => FeatureValues::Numeric(values.to_vec()),
        PredictValues::Categorical { codes, categories } => FeatureValues::Categorical {
            codes: codes.to_vec(),
            categories: categories.iter().map(|name| (*name).to_owned()).collect(),
        },
    };
    Feature {
        name: column.name.to_owned(),
        values,
    }
}
