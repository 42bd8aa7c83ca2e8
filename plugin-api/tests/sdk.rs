//! Checks written as an author would, run through the real border.

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, FeatureValues, Features, MISSING, Metric, ModelFacts,
    Outcome, Params, Predictions, Role, Task, Verdict, check, plugin,
};
use serde::{Deserialize, Serialize};

plugin! {
    id: "acme",
    summary: "checks of this test",
    checks: [ECHO, PANICS, PREDICTS, TALKS],
}

/// Settings of the test's check.
#[derive(Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// A rate from 0 to 1.
    limit: f64,
    /// Names to leave out.
    names: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limit: 0.5,
            names: vec!["a\"b".to_owned()],
        }
    }
}

#[check(id = "acme.echo", title = "Echo", stage = "data-quality", needs(train, current?, columns("x")), codes(AC001 = "said"), cost = "quick", cadence_days = 7, docs = "docs.md")]
fn echo(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let table = ctx.table(Role::Train)?;
    let mut lines = Vec::new();
    for column in table.columns() {
        let cells: Vec<String> = (0..column.len())
            .map(|row| column.display(row).unwrap_or_else(|| "-".to_owned()))
            .collect();
        lines.push(format!(
            "{}:{:?}:{}:{}",
            column.name(),
            column.kind(),
            column.n_missing(),
            cells.join("|")
        ));
    }
    Ok(
        Outcome::new(Verdict::Pass, lines.join("\n")).metric(Metric::new(
            "limit",
            settings.limit,
            1,
        )),
    )
}

#[check(id = "acme.panics", title = "Panics", stage = "bias", docs = "docs.md")]
#[expect(clippy::panic, reason = "what this check is for")]
fn panics(_: &Context, _: ()) -> Result<Outcome, CheckError> {
    panic!("on purpose")
}

#[check(
    id = "acme.predicts",
    title = "Predicts",
    stage = "robustness",
    needs(train, model),
    docs = "docs.md"
)]
fn predicts(ctx: &Context, _: ()) -> Result<Outcome, CheckError> {
    let model = ctx.model()?;
    let features = ctx.table(Role::Train)?.features(&model)?;
    let all = model.predict(&features)?;
    let some = model.predict(&features.select(&[1, 1]))?;
    let margins = model.margins(&features)?;
    Ok(Outcome::new(
        Verdict::Pass,
        format!(
            "{:?} {:?} {:.3}",
            all.values, some.values, margins.values[0]
        ),
    ))
}

#[check(
    id = "acme.talks",
    title = "Talks",
    stage = "monitoring",
    docs = "docs.md"
)]
fn talks(ctx: &Context, _: ()) -> Result<Outcome, CheckError> {
    ctx.progress(0.25, "reading");
    ctx.progress(f64::NAN, "lost");
    ctx.partial(&Outcome::new(Verdict::Inconclusive, "so far"));
    ctx.log("a line");
    Ok(Outcome::new(
        Verdict::Pass,
        format!("seed {} of {}", ctx.seed(), ctx.facts().name),
    ))
}

fn every_type() -> TestTable {
    TestTable::default()
        .with(TestColumn::integers("i", vec![Some(1), None, Some(-3)]))
        .with(TestColumn::floats(
            "f",
            vec![Some(0.5), Some(f64::NAN), None],
        ))
        .with(TestColumn::booleans(
            "b",
            vec![Some(true), None, Some(false)],
        ))
        .with(TestColumn::text("t", vec![Some("ä"), Some(""), None]))
        .with(TestColumn::categories(
            "c",
            vec![Some("u"), None, Some("v")],
        ))
        .with(TestColumn::dates(
            "d",
            vec![Some(0), Some(-1), Some(20_781)],
        ))
        .with(TestColumn::timestamps(
            "s",
            vec![Some(1_500_000), None, Some(-1)],
        ))
}

#[test]
fn every_column_type_arrives_with_its_missing_rows() {
    let outcome = Run::new(module())
        .table(Role::Train, every_type())
        .check("acme.echo")
        .unwrap();
    // python 3: datetime.date(1970, 1, 1) + datetime.timedelta(20781)
    let expected = "i:Numeric:1:1|-|-3\nf:Numeric:2:0.5|-|-\nb:Boolean:1:true|-|false\nt:Text:1:ä||-\nc:Categorical:1:u|-|v\n\
        d:Date:0:1970-01-01|1969-12-31|2026-11-24\ns:Date:1:1970-01-01 00:00:01.500000|-|1969-12-31 23:59:59.999999";
    assert_eq!(outcome.summary, expected);
}

#[test]
fn an_empty_table_is_a_table() {
    let table = TestTable::from_csv("x,y\n");
    let outcome = Run::new(module())
        .table(Role::Train, table)
        .check("acme.echo")
        .unwrap();
    assert_eq!(outcome.summary, "x:Numeric:0:\ny:Numeric:0:");
}

#[test]
fn settings_have_defaults_and_can_be_set() {
    let run = || Run::new(module()).table(Role::Train, TestTable::from_csv("x\n1\n"));
    assert_eq!(
        run().check("acme.echo").unwrap().metrics[0].value,
        Some(0.5)
    );
    assert_eq!(
        run()
            .param("limit", 0.25)
            .check("acme.echo")
            .unwrap()
            .metrics[0]
            .value,
        Some(0.25)
    );
    // A whole number is a number too.
    assert_eq!(
        run().param("limit", 1).check("acme.echo").unwrap().metrics[0].value,
        Some(1.0)
    );
    let error = run().param("limt", 0.25).check("acme.echo").unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::BadParameter);
    assert!(
        error.message.contains("limt") && error.message.contains("limit"),
        "{error}"
    );
}

#[test]
fn a_check_describes_itself() {
    let infos: Vec<interlock_plugin_api::check_info::CheckInfo> =
        interlock_plugin_api::wire::decode(&module().checks()(), "the list").unwrap();
    let echo = &infos[0];
    assert_eq!(echo.id, "acme.echo");
    assert_eq!(echo.needs.columns, ["x"]);
    assert_eq!(echo.codes[0].code, "AC001");
    assert_eq!(echo.docs.references, "e");
    assert_eq!(echo.params[0].name, "limit");
    assert_eq!(echo.params[0].doc, "A rate from 0 to 1.");
    assert_eq!(echo.params[0].default, "0.5");
    assert_eq!(echo.params[1].default, "[\"a\\\"b\"]");
    assert_eq!(echo.cadence_days, Some(7));
}

#[test]
fn a_missing_table_is_a_missing_input() {
    let error = Run::new(module()).check("acme.echo").unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
    assert_eq!(error.message, "no train table");
}

#[test]
fn a_panic_becomes_an_error_with_message_and_place() {
    let error = Run::new(module()).check("acme.panics").unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::Panic);
    assert!(
        error.message.contains("on purpose") && error.message.contains("sdk.rs:"),
        "{error}"
    );
}

#[test]
fn a_model_sees_its_inputs_in_its_order_and_rows_can_be_chosen() {
    let facts = ModelFacts {
        features: vec!["sex".to_owned(), "age".to_owned()],
        n_outputs: 1,
        ..ModelFacts::default()
    };
    let predict = |features: &Features| {
        assert_eq!(features.columns[0].name, "sex");
        let FeatureValues::Categorical { codes, categories } = &features.columns[0].values else {
            panic!("sex is categorical")
        };
        let FeatureValues::Numeric(ages) = &features.columns[1].values else {
            panic!("age is numeric")
        };
        let value = |row: usize| {
            let sex = if codes[row] == MISSING {
                "?"
            } else {
                categories[codes[row] as usize].as_str()
            };
            let base = if sex == "m" { 0.5 } else { 0.25 };
            if ages[row].is_nan() { 0.125 } else { base }
        };
        Predictions {
            n_rows: features.n_rows,
            n_outputs: 1,
            values: (0..features.n_rows).map(value).collect(),
        }
    };
    let outcome = Run::new(module())
        .table(Role::Train, TestTable::from_csv("age,sex\n1,m\n2,\n,f\n"))
        .facts(|facts| facts.task = Task::Binary)
        .model(predict, facts)
        .check("acme.predicts")
        .unwrap();
    // ln(0.5 / 0.5) = 0
    assert_eq!(outcome.summary, "[0.5, 0.25, 0.125] [0.25, 0.25] 0.000");
}

#[test]
fn progress_partial_outcomes_and_lines_are_heard() {
    let run = Run::new(module()).seed(7);
    assert_eq!(run.check("acme.talks").unwrap().summary, "seed 7 of test");
    assert_eq!(
        run.progress(),
        [
            (Some(0.25), "reading".to_owned()),
            (None, "lost".to_owned())
        ]
    );
    assert_eq!(run.partials()[0].summary, "so far");
    assert_eq!(run.log(), ["a line"]);
}

#[test]
fn an_unknown_check_is_an_error() {
    assert!(
        Run::new(module())
            .check("acme.none")
            .unwrap_err()
            .message
            .contains("acme.none")
    );
}
