//! What was seen over time as a chart: an SVG file.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use super::latency::Latency;
use super::play::Played;
use super::sample::Sample;
use crate::failure::Failure;

/// Pixels.
const SIZE: (u32, u32) = (1000, 840);

/// What is drawn of a sample; nothing where the line has a gap.
type Value = fn(&Sample) -> Option<f64>;

/// A line of a panel.
type Curve = (&'static str, RGBColor, Value);

/// Panels from above, each with what its axis says.
const PANELS: [(&str, &[Curve]); 3] = [
    (
        "a second",
        &[
            ("writes", RGBColor(27, 120, 55), |sample| Some(sample.writes_per_s)),
            ("reads", RGBColor(33, 102, 172), |sample| Some(sample.reads_per_s)),
        ],
    ),
    (
        "microseconds",
        &[
            ("stale p99", RGBColor(178, 24, 43), |sample| p99(&sample.stale)),
            ("read p99", RGBColor(33, 102, 172), |sample| p99(&sample.read)),
            ("write p99", RGBColor(27, 120, 55), |sample| p99(&sample.write)),
        ],
    ),
    (
        "MiB; operations",
        &[
            ("file", RGBColor(84, 39, 136), |sample| Some(sample.file_bytes as f64 / MIB)),
            ("memory", RGBColor(179, 88, 6), |sample| Some(sample.heap_bytes as f64 / MIB)),
            ("queue", RGBColor(120, 120, 120), |sample| Some(sample.queue as f64)),
        ],
    ),
];

const MIB: f64 = 1_048_576.0;

/// In microseconds.
fn p99(latency: &Latency) -> Option<f64> {
    (latency.count > 0).then_some(latency.p99_ns as f64 / 1e3)
}

/// Writes the chart. All axes of values are logarithmic: flips differ by orders of magnitude.
pub(crate) fn write(played: &Played, path: &Path) -> Result<(), Failure> {
    let text = draw(played)?;
    std::fs::write(path, text).map_err(|source| Failure::Write { file: path.display().to_string(), source })
}

fn draw(played: &Played) -> Result<String, Failure> {
    let mut text = String::new();
    let failed = |error: &dyn std::error::Error| Failure::Load(format!("the chart: {error}"));
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| failed(&error))?;
        let title: Vec<_> = played.flips.iter().map(|flip| flip.name.as_str()).collect();
        let area = area
            .titled(&format!("sutra bench: {}", title.join(", ")), ("sans-serif", 18))
            .map_err(|error| failed(&error))?;
        for (panel, (unit, curves)) in area.split_evenly((PANELS.len(), 1)).iter().zip(PANELS) {
            self::panel(panel, unit, curves, played).map_err(|error| failed(&*error))?;
        }
        area.present().map_err(|error| failed(&error))?;
    }
    Ok(text)
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    unit: &str,
    curves: &[Curve],
    played: &Played,
) -> Result<(), Box<dyn std::error::Error>> {
    let samples = &played.samples;
    let seconds = played.flips.iter().map(|flip| flip.seconds).sum::<f64>().max(1e-3);
    let range = range(curves, samples);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(28)
        .y_label_area_size(72)
        .build_cartesian_2d(0.0..seconds, range.clone().log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("seconds")
        .y_desc(unit)
        .y_label_formatter(&|value| short(*value))
        .draw()?;
    // Where one flip ends and the next begins.
    let mut end = 0.0;
    for flip in &played.flips {
        end += flip.seconds;
        chart.draw_series([PathElement::new([(end, range.start), (end, range.end)], BLACK.mix(0.3))])?;
    }
    for (name, colour, value) in curves {
        let style = colour.stroke_width(2);
        let points: Vec<_> =
            samples.iter().map(|sample| value(sample).map(|value| (sample.at, value.max(range.start)))).collect();
        for (number, run) in points.split(Option::is_none).filter(|run| !run.is_empty()).enumerate() {
            let line = chart.draw_series(LineSeries::new(run.iter().copied().flatten(), style))?;
            // One line in the legend, however many parts a curve has.
            if number == 0 {
                line.label(*name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
            }
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

/// From the power of ten below the least value that is not nothing to the one above the greatest.
fn range(curves: &[Curve], samples: &[Sample]) -> Range<f64> {
    let values = || samples.iter().flat_map(|sample| curves.iter().filter_map(|(_, _, value)| value(sample)));
    let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    let most = values().fold(1.0, f64::max);
    let least = if least.is_finite() { least.min(most) } else { 1.0 };
    10_f64.powf(least.log10().floor())..10_f64.powf(most.log10().ceil() + 0.1)
}

/// A number of an axis.
fn short(value: f64) -> String {
    match value {
        1e6.. => format!("{} M", value / 1e6),
        1e3.. => format!("{} k", value / 1e3),
        _ => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_all_values_and_is_never_empty() {
        let curves: &[Curve] = &[("x", RGBColor(0, 0, 0), |sample| Some(sample.reads_per_s))];
        let of = |rates: &[f64]| {
            let samples: Vec<_> = rates.iter().map(|rate| Sample { reads_per_s: *rate, ..Sample::default() }).collect();
            range(curves, &samples)
        };
        for rates in [&[][..], &[0.0], &[0.001, 5e6], &[10.0, 3000.0], &[1.0]] {
            let range = of(rates);
            assert!(range.start > 0.0 && range.end > range.start, "{rates:?}: {range:?}");
            assert!(
                rates.iter().all(|rate| *rate == 0.0 || (range.start <= *rate && *rate <= range.end)),
                "{rates:?}: {range:?}"
            );
        }
    }

    #[test]
    fn a_chart_of_nothing_is_a_chart() {
        let played = Played { flips: Vec::new(), samples: Vec::new(), interrupted: false };
        let text = draw(&played).unwrap();
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"), "{text}");
    }
}
