//! Passed checks in one line per stage.

use crossterm::event::KeyModifiers;
use interlock_engine::picture::Standing;

use super::*;
use crate::fixture::{check, picture, state};
use crate::theme::ColorDepth;

/// Sixty checks: every sixth warns, one fails, one is skipped.
fn many() -> Picture {
    let mut picture = picture();
    let mut checks: Vec<_> = (0..60)
        .map(|at| {
            check(
                at,
                match at {
                    7 => Standing::Fail,
                    11 => Standing::Skipped,
                    at if at % 6 == 0 => Standing::Warn,
                    _ => Standing::Pass,
                },
            )
        })
        .collect();
    checks.sort_by_key(|check| check.info.stage);
    picture.checks = checks.into_iter().map(Arc::new).collect();
    picture
}

fn on_many(size: (u16, u16)) -> State {
    let mut state = state(size, "dark", ColorDepth::True);
    update(&mut state, Input::Picture(Arc::new(many())));
    state
}

fn press(state: &mut State, code: KeyCode) {
    update(state, Input::Key(Key::pressed(code, KeyModifiers::NONE)));
}

fn letters(state: &mut State, text: &str) {
    for c in text.chars() {
        press(state, KeyCode::Char(c));
    }
}

fn folds(state: &State) -> Vec<String> {
    let items = state.items().into_iter();
    let folded = items.filter(|item| item.key.starts_with("folded"));
    folded.map(|item| item.text()).collect()
}

fn shown_checks(state: &State) -> Vec<String> {
    let items = state.items().into_iter();
    let checks = items.filter(|item| state.scene.check(&item.key).is_some());
    checks.map(|item| item.key).collect()
}

#[test]
fn what_passed_is_folded_when_it_does_not_fit_and_problems_never_are() {
    let state = on_many((80, 24));
    let folds = folds(&state);
    assert_eq!(folds.len(), 5, "{folds:?}");
    assert!(folds[0].starts_with("✓ 10 passed"), "{folds:?}");
    assert!(folds[1].starts_with("✓ 9 passed  · 1 skipped"), "{folds:?}");
    for check in &state.scene.picture.checks {
        let is_shown = shown_checks(&state).contains(&check.info.id);
        let is_bad = check.standing >= Standing::Warn;
        assert_eq!(is_shown, is_bad, "{} {:?}", check.info.id, check.standing);
    }
    // With room for all nothing is folded.
    assert_eq!(folds_at((100, 100)), 0);
    assert_eq!(shown_checks(&on_many((100, 100))).len(), 60);
}

fn folds_at(size: (u16, u16)) -> usize {
    folds(&on_many(size)).len()
}

#[test]
fn a_stage_is_unfolded_by_enter_or_u_and_stays_so_through_news() {
    let mut state = on_many((80, 24));
    while !state.place().cursor.key.starts_with("folded") {
        letters(&mut state, "j");
    }
    press(&mut state, KeyCode::Enter);
    assert_eq!(folds(&state).len(), 4);
    assert!(state.stack.is_empty(), "no page opens");
    let selected = state.place().cursor.key.clone();
    let standing = state.scene.check(&selected).unwrap().standing;
    assert_eq!(
        standing,
        Standing::Pass,
        "the first that came out is selected"
    );
    update(&mut state, Input::Picture(Arc::new(many())));
    assert_eq!(folds(&state).len(), 4);
    assert_eq!(state.place().cursor.key, selected);
    // Folded again, the line stands for the check that was selected.
    letters(&mut state, "u");
    assert_eq!(folds(&state).len(), 5);
    assert_eq!(state.place().cursor.key, "folded Data quality");
    letters(&mut state, "U");
    assert_eq!((folds(&state).len(), shown_checks(&state).len()), (0, 60));
    letters(&mut state, "U");
    assert_eq!(folds(&state).len(), 5);
}

#[test]
fn a_selected_check_that_passes_hands_the_selection_to_the_fold() {
    let mut state = on_many((80, 24));
    letters(&mut state, "j");
    let key = state.place().cursor.key.clone();
    let mut picture = many();
    let at = picture
        .checks
        .iter()
        .position(|check| check.info.id == key)
        .unwrap();
    let mut passed = picture.checks[at].as_ref().clone();
    passed.standing = Standing::Pass;
    picture.checks[at] = Arc::new(passed);
    let stage = picture.checks[at].info.stage.title();
    update(&mut state, Input::Picture(Arc::new(picture)));
    assert_eq!(state.place().cursor.key, format!("folded {stage}"));
}

#[test]
fn a_filter_looks_behind_folds_and_gravity_has_one_fold() {
    let mut state = on_many((80, 24));
    letters(&mut state, "/check 14");
    press(&mut state, KeyCode::Enter);
    assert_eq!(shown_checks(&state), ["test.check-14"]);
    press(&mut state, KeyCode::Esc);
    letters(&mut state, "s");
    let one = folds(&state);
    assert_eq!(one.len(), 1);
    assert!(one[0].starts_with("✓ 48 passed  · 1 skipped"), "{one:?}");
    letters(&mut state, "f");
    assert_eq!(folds(&state).len(), 0);
}
