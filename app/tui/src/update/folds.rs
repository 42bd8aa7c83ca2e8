//! Passed checks in one line per stage, or one by one, as the reader says.

use interlock_plugin_api::check_info::Stage;

use crate::action;
use crate::content;
use crate::item::Item;
use crate::state::State;

/// Folds the selected stage, or unfolds it; from now on it stays as the reader said.
pub(super) fn fold(state: &mut State) {
    let Some(part) = action::part_in_question(state) else {
        return;
    };
    let height = usize::from(state.body().height);
    let is_folded = content::is_folded(&state.scene, part, height);
    state.scene.folds.insert(part, !is_folded);
}

/// Unfolds every stage if one is folded, else folds all.
pub(super) fn fold_all(state: &mut State) {
    let height = usize::from(state.body().height);
    let parts = || Stage::ALL.into_iter().map(Some).chain([None]);
    let is_folded = parts().any(|part| content::is_folded(&state.scene, part, height));
    state.scene.folds = parts().map(|part| (part, !is_folded)).collect();
}

/// Unfolds the selected line; the first check that comes out of it is selected.
pub(super) fn unfold(state: &mut State, items: &[Item]) {
    let before: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    fold(state);
    let items = state.items();
    let is_new = |item: &Item| !item.spots.is_empty() && !before.contains(&item.key.as_str());
    let first = items.iter().enumerate().find(|(_, item)| is_new(item));
    if let Some((index, item)) = first {
        state.place_mut().cursor.choose(index, &item.key);
    }
}
