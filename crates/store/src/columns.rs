//! `columns.toml`: what every column of every table is, and how long it is kept.
//!
//! Always holds: a test holds the file against both databases' schemas, so every column is listed and none that is
//! not there. Masking, export and erasure read it.
//! Not here: the masking and erasing themselves.
//! Rules come from: DESIGN section 4, "`columns.toml` gives every column a class".

use base::{Error, Fault, Result};

/// What a column's content says about people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Tells who somebody is: names, numbers, birth dates, addresses, keys of accounts.
    Identity,
    /// Says something about somebody's health or treatment, or about whether they are insured for it.
    Health,
    /// Amounts of money.
    Money,
    /// Ids, revisions, digests: of no use to anybody without the other tables.
    Internal,
    /// May be printed: insurers' and facilities' public data.
    Public,
}

/// One column as `columns.toml` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// What its content says about people.
    pub class: Class,
    /// How long it is kept: `24h`, `90d`, `5y` or `forever`.
    pub keep: String,
    /// Why, where class or time is not obvious.
    pub why: Option<String>,
}

impl Class {
    fn parse(word: &str) -> Option<Class> {
        match word {
            "identity" => Some(Class::Identity),
            "health" => Some(Class::Health),
            "money" => Some(Class::Money),
            "internal" => Some(Class::Internal),
            "public" => Some(Class::Public),
            _ => None,
        }
    }
}

/// All columns, in order of table and name.
pub fn columns() -> Result<Vec<Column>> {
    read(include_str!("../../../columns.toml"))
}

fn read(text: &str) -> Result<Vec<Column>> {
    let tables: toml::Table =
        text.parse().map_err(|e| Fault::caused("columns.toml does not read back", e))?;
    let mut found = Vec::new();
    for (table, columns) in &tables {
        let columns = columns.as_table().ok_or_else(|| wrong(table, "is not a table of columns"))?;
        for (name, entry) in columns {
            let place = format!("{table}.{name}");
            let entry = entry.as_table().ok_or_else(|| wrong(&place, "is not { class, keep, why }"))?;
            let word = |key: &str| entry.get(key).and_then(|value| value.as_str());
            if let Some(other) = entry.keys().find(|key| !["class", "keep", "why"].contains(&key.as_str())) {
                return Err(wrong(&place, &format!("has an unknown member {other}")));
            }
            found.push(Column {
                table: table.clone(),
                name: name.clone(),
                class: word("class")
                    .and_then(Class::parse)
                    .ok_or_else(|| wrong(&place, "has no known class"))?,
                keep: word("keep")
                    .filter(|keep| is_time(keep))
                    .ok_or_else(|| wrong(&place, "has no known keeping time"))?
                    .to_owned(),
                why: word("why").map(str::to_owned),
            });
        }
    }
    found.sort_by(|a, b| (&a.table, &a.name).cmp(&(&b.table, &b.name)));
    Ok(found)
}

fn is_time(keep: &str) -> bool {
    let counted = |unit| keep.strip_suffix(unit).is_some_and(|n: &str| n.parse::<u32>().is_ok_and(|n| n > 0));
    keep == "forever" || counted('h') || counted('d') || counted('y')
}

fn wrong(place: &str, what: &str) -> Error {
    Error::broken(format!("columns.toml: {place} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_does_not_know() {
        let line = |entry: &str| read(&format!("[t]\nc = {entry}\n"));
        assert!(line(r#"{ class = "money", keep = "5y" }"#).is_ok());
        assert!(line(r#"{ class = "secret", keep = "5y" }"#).is_err());
        assert!(line(r#"{ class = "money", keep = "a while" }"#).is_err());
        assert!(line(r#"{ class = "money", keep = "5y", note = "x" }"#).is_err());
    }
}
