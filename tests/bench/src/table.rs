//! The figures for people: on a terminal, and as Markdown.

use crate::figures::{Figure, Unit, Verdict};

const HEADINGS: [&str; 4] = ["figure", "measured", "target", ""];

/// Aligned columns.
pub(crate) fn terminal(figures: &[Figure]) -> String {
    let rows: Vec<_> = [HEADINGS.map(str::to_owned)].into_iter().chain(figures.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let [name, measured, target] = [width(0), width(1), width(2)];
    let line = |row: &[String; 4]| {
        let [a, b, c, d] = row;
        format!("{a:<name$}  {b:>measured$}  {c:>target$}  {d}").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// A Markdown table.
pub(crate) fn markdown(figures: &[Figure]) -> String {
    let line = |row: [String; 4]| format!("| {} |\n", row.join(" | "));
    let head = line(HEADINGS.map(str::to_owned)) + "|---|--:|--:|---|\n";
    head + &figures.iter().map(row).map(line).collect::<String>()
}

fn row(figure: &Figure) -> [String; 4] {
    let measured = figure.measured.as_ref().map_or("NOT MEASURED".to_owned(), |value| shown(*value, figure.unit));
    let target = figure.target.map_or_else(String::new, |target| format!("≤ {}", shown(target.most, figure.unit)));
    [figure.name.clone(), measured, target, remark(figure)]
}

fn remark(figure: &Figure) -> String {
    let verdict = match (figure.verdict(), &figure.measured, figure.target) {
        (Verdict::NotMeasured, Err(reason), _) => reason.clone(),
        (Verdict::Reached, ..) => "reached".to_owned(),
        (Verdict::Missed(times), _, Some(target)) => {
            format!("not reached, {times:.2} × the target: {}", target.because).trim_end_matches(": ").to_owned()
        }
        _ => String::new(),
    };
    if !figure.breaks_its_limit() {
        return verdict;
    }
    let limit = shown(figure.limit.unwrap_or_default(), figure.unit);
    format!("GATE SHUT, the limit is {limit}; {verdict}").trim_end_matches("; ").to_owned()
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Times => format!("{value:.2} ×"),
        Unit::Millis => format!("{value:.2} ms"),
        Unit::Micros => format!("{value:.0} µs"),
        Unit::MiB => format!("{value:.1} MiB"),
        Unit::KiB => format!("{value:.0} KiB"),
        Unit::Instructions if value >= 1e6 => format!("{:.2} M", value / 1e6),
        Unit::Instructions => format!("{:.0} k", value / 1e3),
        Unit::Count => format!("{value:.1}"),
        Unit::Dollars => format!("${value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Target;

    fn figures() -> Vec<Figure> {
        let target = Target { most: 2_500_000.0, because: "the SDK" };
        let count = |name, count, limit| Figure {
            limit: Some(limit),
            ..Figure::new(name, Unit::Instructions, count).target(target)
        };
        vec![
            count("start", 2_000_000.0, 2_060_000.0),
            count("start of another", 5_000_000.0, 4_900_000.0),
            Figure::missing("warm", Unit::Micros, "no taskset"),
        ]
    }

    #[test]
    fn the_terminal_gets_aligned_columns() {
        let expected = "\
figure                measured    target
start                   2.00 M  ≤ 2.50 M  reached
start of another        5.00 M  ≤ 2.50 M  GATE SHUT, the limit is 4.90 M; not reached, 2.00 × the target: the SDK
warm              NOT MEASURED            no taskset
";
        assert_eq!(terminal(&figures()), expected);
    }

    #[test]
    fn markdown_has_a_row_for_each_figure() {
        let table = markdown(&figures()[..1]);
        assert_eq!(
            table,
            "| figure | measured | target |  |\n|---|--:|--:|---|\n| start | 2.00 M | ≤ 2.50 M | reached |\n"
        );
    }
}
