//! Every statement on the way of a submission names the department, so that the schema can be
//! distributed by it: each is parsed, and each of our tables in it must be narrowed to one.

use sqlparser::ast::{
    BinaryOperator, Expr, FromTable, Insert, Query, Select, SetExpr, Statement, TableFactor,
    TableObject, TableWithJoins, Update, Value,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::sql::HOT;

/// Why a statement does not name the department.
type Told = Result<(), String>;

fn check(sql: &str) -> Told {
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).map_err(|it| it.to_string())?;
    statements.iter().try_for_each(statement)
}

fn statement(statement: &Statement) -> Told {
    match statement {
        Statement::Query(it) => query(it),
        Statement::Insert(it) => insert(it),
        Statement::Update(it) => update(it),
        Statement::Delete(it) => {
            let FromTable::WithFromKeyword(from) = &it.from else { return Err("of what?".into()) };
            from.iter().try_for_each(|from| tables(from, it.selection.as_ref()))
        }
        other => Err(format!("what is this? {other}")),
    }
}

fn query(it: &Query) -> Told {
    for named in it.with.iter().flat_map(|with| &with.cte_tables) {
        query(&named.query)?;
    }
    match &*it.body {
        SetExpr::Select(it) => select(it),
        SetExpr::Query(it) => query(it),
        SetExpr::Insert(it) | SetExpr::Update(it) => statement(it),
        SetExpr::Values(_) => Ok(()),
        other => Err(format!("what is this? {other}")),
    }
}

fn select(it: &Select) -> Told {
    it.from.iter().try_for_each(|from| tables(from, it.selection.as_ref()))
}

fn update(it: &Update) -> Told {
    tables(&it.table, it.selection.as_ref())
}

fn tables(from: &TableWithJoins, selection: Option<&Expr>) -> Told {
    let joined = from.joins.iter().map(|join| &join.relation);
    std::iter::once(&from.relation).chain(joined).try_for_each(|table| match table {
        TableFactor::Derived { subquery, .. } => query(subquery),
        TableFactor::Table { name, .. } if name.to_string().starts_with("tiendo_") => {
            let is_named = selection.is_some_and(names_department);
            is_named.then_some(()).ok_or_else(|| format!("{name} is not narrowed to a department"))
        }
        _ => Ok(()),
    })
}

/// Whether `department = $1` must hold.
fn names_department(selection: &Expr) -> bool {
    let Expr::BinaryOp { left, op, right } = selection else { return false };
    match op {
        BinaryOperator::And => names_department(left) || names_department(right),
        BinaryOperator::Eq => left.to_string() == "department" && is_first(right),
        _ => false,
    }
}

fn is_first(it: &Expr) -> bool {
    matches!(it, Expr::Value(it) if it.value == Value::Placeholder("$1".to_owned()))
}

/// Whether a row that is inserted is of the department, or of what was moved there.
fn insert(it: &Insert) -> Told {
    let TableObject::TableName(name) = &it.table else { return Err("into what?".to_owned()) };
    let is_first_column = it.columns.first().is_some_and(|it| it.to_string() == "department");
    let source = it.source.as_ref().ok_or("nothing is inserted")?;
    query(source)?;
    let is_named = match &*source.body {
        SetExpr::Values(it) => it.rows.iter().all(|row| row.first().is_some_and(is_first)),
        SetExpr::Select(it) => {
            it.projection.first().is_some_and(|it| it.to_string() == "moved.department")
        }
        _ => false,
    };
    let is_named = is_first_column && is_named;
    is_named.then_some(()).ok_or_else(|| format!("a row of {name} is of any department"))
}

#[test]
fn every_statement_on_the_way_of_a_submission_names_its_department() {
    for sql in HOT {
        assert_eq!(check(sql), Ok(()), "{sql}");
    }
}

#[test]
fn a_statement_that_does_not_is_found() {
    for sql in [
        "SELECT sequence FROM tiendo_head",
        "SELECT sequence FROM tiendo_head WHERE department = $1 OR sequence = 1",
        "SELECT sequence FROM tiendo_entry WHERE id = $1",
        "SELECT 1 FROM (SELECT sequence FROM tiendo_entry WHERE id = $1) AS page",
        "SELECT 1 FROM tiendo_entry, tiendo_head WHERE department = id",
        "UPDATE tiendo_head SET sequence = 2",
        "INSERT INTO tiendo_head (sequence, department) VALUES ($1, $2)",
        "INSERT INTO tiendo_head (department) SELECT department FROM other",
        "WITH moved AS (UPDATE tiendo_head SET told = $1 RETURNING department)
         INSERT INTO tiendo_entry (department) SELECT moved.department FROM moved",
        "DELETE FROM tiendo_entry",
    ] {
        assert!(check(sql).is_err(), "{sql}");
    }
}
