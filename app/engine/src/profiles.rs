//! Which columns were asked about, and what is known of them.
//!
//! In: tables as last loaded, what a reader wants to see. Out: a [`ProfilePlan`] for a thread, and
//! [`Profiles`] for the picture. A column is looked at once as long as its values stay, whatever
//! table or file they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use interlock_plugin_api::outcome::Role;

use crate::fingerprint::Fingerprint;
use crate::load::LoadedTable;
use crate::profile::{ColumnProfile, Comparison, Profiles, compare, profile};
use crate::table::TableView;

type Tables = BTreeMap<Role, Arc<LoadedTable>>;

/// Columns to look at.
#[derive(Debug, Clone)]
pub(crate) struct ProfilePlan {
    /// Table, position in it, hash of its values.
    columns: Vec<(Arc<TableView>, usize, Fingerprint)>,
    /// A column to compare between tables.
    compared: Option<Compared>,
}

/// A column's name, the hash of all its values, the tables.
type Compared = (String, Fingerprint, Vec<(Role, Arc<TableView>)>);

/// What a look has given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Profiled {
    /// One column.
    Column(Fingerprint, Arc<ColumnProfile>),
    /// One column in several tables; `None` if they cannot be compared.
    Comparison(Fingerprint, Option<Arc<Comparison>>),
}

impl ProfilePlan {
    /// Looks, and tells what it sees as it goes.
    pub(crate) fn carry_out(&self, tell: &mut dyn FnMut(Profiled)) {
        for (table, column, fingerprint) in &self.columns {
            if let Some(found) = profile(table, *column) {
                tell(Profiled::Column(*fingerprint, Arc::new(found)));
            }
        }
        if let Some((name, fingerprint, tables)) = &self.compared {
            let tables: Vec<(Role, &TableView)> = tables
                .iter()
                .map(|(role, table)| (*role, table.as_ref()))
                .collect();
            let found = compare(&tables, name).map(Arc::new);
            tell(Profiled::Comparison(*fingerprint, found));
        }
    }
}

/// Everything known of columns.
#[derive(Debug, Default)]
pub(crate) struct ProfileBook {
    asked: BTreeSet<Fingerprint>,
    columns: BTreeMap<Fingerprint, Arc<ColumnProfile>>,
    comparisons: BTreeMap<Fingerprint, Option<Arc<Comparison>>>,
    /// Names of columns that were compared.
    compared: BTreeSet<String>,
    /// What was shown last, and of which tables.
    shown: Option<(Vec<Fingerprint>, Arc<Profiles>)>,
}

impl ProfileBook {
    /// What to look at so that every column of a table is known; `None` if nothing is missing.
    pub(crate) fn plan_table(&mut self, tables: &Tables, role: Role) -> Option<ProfilePlan> {
        let table = tables.get(&role)?;
        let columns = self.missing(table, |_| true);
        (!columns.is_empty()).then_some(ProfilePlan {
            columns,
            compared: None,
        })
    }

    /// What to look at so that one column is known in every table; `None` if nothing is missing.
    pub(crate) fn plan_column(&mut self, tables: &Tables, name: &str) -> Option<ProfilePlan> {
        let mut columns = Vec::new();
        for table in tables.values() {
            columns.extend(self.missing(table, |known| known == name));
        }
        self.compared.insert(name.to_owned());
        self.shown = None;
        let compared = of_all(tables, name)
            .filter(|fingerprint| self.asked.insert(*fingerprint))
            .map(|fingerprint| {
                let views = tables.iter();
                let views = views.map(|(role, table)| (*role, Arc::clone(&table.view)));
                (name.to_owned(), fingerprint, views.collect())
            });
        (!columns.is_empty() || compared.is_some()).then_some(ProfilePlan { columns, compared })
    }

    fn missing(
        &mut self,
        table: &LoadedTable,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<(Arc<TableView>, usize, Fingerprint)> {
        let mut missing = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            if is_wanted(&column.name) && self.asked.insert(column.fingerprint) {
                missing.push((Arc::clone(&table.view), at, column.fingerprint));
            }
        }
        missing
    }

    /// Keeps what a look has given.
    pub(crate) fn take_in(&mut self, profiled: Profiled) {
        self.shown = None;
        match profiled {
            Profiled::Column(fingerprint, found) => {
                self.columns.insert(fingerprint, found);
            }
            Profiled::Comparison(fingerprint, found) => {
                self.comparisons.insert(fingerprint, found);
            }
        }
    }

    /// What is known of these tables. What belongs to no table any more is forgotten.
    pub(crate) fn shown(&mut self, tables: &Tables) -> Arc<Profiles> {
        if self.asked.is_empty() {
            return Arc::default();
        }
        let contents: Vec<Fingerprint> = tables.values().map(|table| table.content).collect();
        if let Some((of, shown)) = &self.shown
            && *of == contents
        {
            return Arc::clone(shown);
        }
        let mut profiles = Profiles::default();
        let mut present = BTreeSet::new();
        for (role, table) in tables {
            for column in &table.columns {
                present.insert(column.fingerprint);
                if let Some(found) = self.columns.get(&column.fingerprint) {
                    let key = (*role, column.name.clone());
                    profiles.columns.insert(key, Arc::clone(found));
                }
            }
        }
        for name in &self.compared {
            let Some(fingerprint) = of_all(tables, name) else {
                continue;
            };
            present.insert(fingerprint);
            if let Some(Some(found)) = self.comparisons.get(&fingerprint) {
                profiles.comparisons.insert(name.clone(), Arc::clone(found));
            }
        }
        self.columns.retain(|known, _| present.contains(known));
        self.comparisons.retain(|known, _| present.contains(known));
        self.asked.retain(|known| present.contains(known));
        let profiles = Arc::new(profiles);
        self.shown = Some((contents, Arc::clone(&profiles)));
        profiles
    }
}

/// The hash of a column's values in all tables; `None` if no table has it.
fn of_all(tables: &Tables, name: &str) -> Option<Fingerprint> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for (role, table) in tables {
        let column = table.columns.iter().find(|column| column.name == name);
        if let Some(column) = column {
            parts.push(role.name().as_bytes());
            parts.push(column.fingerprint.as_bytes());
        }
    }
    (!parts.is_empty()).then(|| Fingerprint::of_parts(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{LoadSpec, load};

    fn tables(folder: &std::path::Path, contents: &[(Role, &str)]) -> Tables {
        contents
            .iter()
            .map(|(role, text)| {
                let path = folder.join(format!("{}.csv", role.name()));
                std::fs::write(&path, text).unwrap();
                let spec = LoadSpec {
                    files: vec![path],
                    ..LoadSpec::default()
                };
                (*role, load(&spec, folder, folder).table.unwrap())
            })
            .collect()
    }

    fn carried_out(book: &mut ProfileBook, plan: &ProfilePlan) -> usize {
        let mut told = Vec::new();
        plan.carry_out(&mut |profiled| told.push(profiled));
        let n = told.len();
        for profiled in told {
            book.take_in(profiled);
        }
        n
    }

    #[test]
    fn a_column_is_looked_at_once_and_again_only_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = ProfileBook::default();
        let before = tables(folder.path(), &[(Role::Train, "a,b\n1,x\n2,y\n")]);
        assert_eq!(*book.shown(&before), Profiles::default());
        let plan = book.plan_table(&before, Role::Train).unwrap();
        assert!(book.plan_table(&before, Role::Train).is_none());
        assert_eq!(carried_out(&mut book, &plan), 2);
        assert_eq!(book.shown(&before).columns.len(), 2);
        let after = tables(folder.path(), &[(Role::Train, "a,b\n1,x\n3,y\n")]);
        let shown = book.shown(&after);
        assert!(shown.columns.contains_key(&(Role::Train, "b".to_owned())));
        assert_eq!(shown.columns.len(), 1, "a has changed");
        let plan = book.plan_table(&after, Role::Train).unwrap();
        assert_eq!(carried_out(&mut book, &plan), 1);
        assert_eq!(book.shown(&after).columns.len(), 2);
    }

    #[test]
    fn a_column_is_compared_between_all_tables_that_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = ProfileBook::default();
        let contents = [
            (Role::Train, "a,b\n1,x\n2,y\n"),
            (Role::Test, "a\n2\n"),
            (Role::Current, "c\n9\n"),
        ];
        let tables = tables(folder.path(), &contents);
        let plan = book.plan_column(&tables, "a").unwrap();
        assert_eq!(carried_out(&mut book, &plan), 3);
        let shown = book.shown(&tables);
        let both = &shown.comparisons["a"];
        assert_eq!(both.counts.len(), 2);
        assert_eq!(shown.columns.len(), 2);
        assert!(book.plan_column(&tables, "a").is_none());
        assert!(book.plan_column(&tables, "no such").is_none());
    }
}
