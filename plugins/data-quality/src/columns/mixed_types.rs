//! The check `data-quality.mixed-types`.
//!
//! In: the tables. Out: text columns in which values of several types stand: numbers among text, or
//! text among numbers, dates or truth values.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params,
    Severity, View, check,
};
use serde::{Deserialize, Serialize};

use crate::columns::entries::{Entries, text_columns};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::spelling::shown;
use crate::columns::token::Kind;
use crate::wording::{self, MAX_MARKS, counted, percent};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of the rarer types, 0 to 1, from which on they are taken for an error among text.
    rare_above: f64,
    /// Share of the rarer types, 0 to 1, from which on the mix is taken for intended.
    rare_below: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rare_above: 0.01,
            rare_below: 0.1,
        }
    }
}

#[check(
    id = "data-quality.mixed-types",
    title = "Mixed types",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(DQ020 = "column mixes types"),
    cost = "quick",
    docs = "mixed_types.md"
)]
pub(crate) fn mixed_types(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("rare_above", settings.rare_above)?;
    wording::check_share("rare_below", settings.rare_below)?;
    if settings.rare_above > settings.rare_below {
        let message = format!(
            "rare_above {} is above rare_below {}",
            settings.rare_above, settings.rare_below
        );
        return Err(CheckError::new(CheckErrorKind::BadParameter, message));
    }
    let mut report = Report::new(&[
        "table",
        "column",
        "numbers",
        "dates",
        "truth values",
        "text",
        "share of rarer types",
        "of a rarer type",
    ]);
    let mut bars = Vec::new();
    for table in &wording::tables(ctx)? {
        // A column of a type of its own cannot hold another.
        for column in table
            .columns()
            .filter(interlock_plugin_api::Column::is_numeric)
        {
            report.looked(column.name(), table.n_rows());
        }
        for column in text_columns(table)? {
            let mix = Mix::of(&column);
            report.looked(column.name, mix.n());
            if mix.n_rare() > 0 {
                bars.push(mix.tell(&column, &settings, &mut report));
            }
        }
    }
    bars.sort_by(|a: &Bar, b| b.value.total_cmp(&a.value));
    bars.truncate(MAX_MARKS);
    if !bars.is_empty() {
        let chart = Chart::Bars {
            value_axis: "share of values that are not of the column's main type".to_owned(),
            bars,
            threshold: Some(settings.rare_below),
        };
        let view = View::new("shares", "How mixed each column is", chart);
        report.view(view.caption("A marked bar is taken for an error; it opens the rows."));
    }
    Ok(report.outcome(&Words {
        metric: "n_mixed_columns",
        title: "Columns of mixed types",
        sound: "no values of a type they should not have",
        view: "Columns with values of several types",
    }))
}

/// How many values of each kind a column has.
struct Mix {
    counts: [usize; Kind::N],
    kinds: Vec<Option<Kind>>,
}

impl Mix {
    fn of(column: &Entries<'_>) -> Self {
        let kinds: Vec<Option<Kind>> = column.values.iter().map(|text| Kind::of(text)).collect();
        let mut counts = [0; Kind::N];
        for (kind, count) in kinds.iter().zip(&column.counts) {
            if let Some(kind) = kind {
                counts[*kind as usize] += count;
            }
        }
        Self { counts, kinds }
    }

    fn n(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The most frequent kind; the first of equal ones.
    fn main(&self) -> Kind {
        let mut main = Kind::Number;
        for kind in Kind::ALL {
            if self.counts[kind as usize] > self.counts[main as usize] {
                main = kind;
            }
        }
        main
    }

    fn n_rare(&self) -> usize {
        self.n() - self.counts[self.main() as usize]
    }

    fn tell(&self, column: &Entries<'_>, settings: &Settings, report: &mut Report) -> Bar {
        let (main, n_rare, role) = (self.main(), self.n_rare(), column.role.name());
        let share = n_rare as f64 / self.n() as f64;
        let is_rare: Vec<bool> = self
            .kinds
            .iter()
            .map(|kind| kind.is_some_and(|kind| kind != main))
            .collect();
        let rows = column.rows(&is_rare);
        let rare: Vec<&str> = Kind::ALL
            .into_iter()
            .filter(|kind| *kind != main && self.counts[*kind as usize] > 0)
            .map(Kind::plural)
            .collect();
        let example = is_rare
            .iter()
            .position(|is_rare| *is_rare)
            .map(|at| shown(column.values[at]));
        let example = example.unwrap_or_default();
        let title = format!(
            "column '{}' holds {} in {} ({}) of {role} values and {} in the others",
            column.name,
            rare.join(" and "),
            n_rare,
            percent(share),
            main.plural(),
        );
        // Few numbers among text may be names; few texts among numbers turn all of them into text.
        let is_in_doubt = share > settings.rare_above || main != Kind::Text;
        let severity = if share < settings.rare_below && is_in_doubt {
            Severity::Warning
        } else {
            Severity::Note
        };
        let (because, advice) = if main == Kind::Text {
            (
                "Numbers among words are often codes never translated, or values that slipped in from the next column.".to_owned(),
                "Open the rows. Translate or clear the numbers, or keep the column as it is if they are names.",
            )
        } else {
            (
                format!(
                    "Because of values like '{example}' the whole column is read as text: order and distance of its {} are lost to the model.",
                    main.plural()
                ),
                "Open the rows. Mend the values, or declare them as missing under data.missing in the project file.",
            )
        };
        report.push(
            Finding::new("DQ020", severity, title)
                .because(because)
                .advice(advice)
                .column(column.name)
                .rows(rows.clone())
                .evidence(EVIDENCE),
        );
        report.metric(
            Metric::new(format!("rare_share_{role}"), share, self.n() as u64)
                .title("Share of the rarer types")
                .unit("rate")
                .column(column.name),
        );
        let mut cells: Vec<Cell> = vec![role.into(), column.name.into()];
        cells.extend(self.counts.iter().map(|n| Cell::from(*n as f64)));
        cells.extend([share.into(), Cell::from(example)]);
        report.row(cells, Some(rows.clone()));
        let mut bar = Bar::new(
            format!("{role} {}: {}", column.name, counted(n_rare, "value")),
            share,
        );
        bar.is_flagged = severity == Severity::Warning;
        bar.rows = Some(rows);
        bar
    }
}
