//! A neighbourhood as a picture: the concept in the middle, rings by hops, a colour for each type of association.
//!
//! Each concept stands in the sector of one that is a hop nearer, so that the strongest ways from the middle do not cross.
//! Sectors are as wide as what stands in them. Associations are as thick as they are believed.

use std::collections::BTreeMap;
use std::f64::consts::{PI, TAU};
use std::fmt::Write;

use sutra_storage::Neighborhood;

use super::label;
use crate::output::plain;

/// From ring to ring: a label has room in between.
const RING: f64 = 190.0;
/// What a concept takes of a ring.
const ROOM: f64 = 17.0;
/// Of so many concepts on a ring labels lie level; of more they follow the radius, so that they do not cover each other.
const LEVEL: usize = 14;
const MARGIN: f64 = 200.0;
/// Colours that are told apart, also by those who see few, on white.
const COLOURS: [&str; 10] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#8c564b", "#7f7f7f", "#bcbd22"];

/// Where a concept stands.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    angle: f64,
    radius: f64,
}

impl Place {
    fn point(self) -> (f64, f64) {
        (self.radius * self.angle.cos(), self.radius * self.angle.sin())
    }
}

pub(super) fn of(around: &Neighborhood, contents: &[Option<Vec<u8>>]) -> String {
    let places = places(around);
    let rings = places.iter().map(|place| place.radius).fold(0.0, f64::max);
    let half = rings + MARGIN;
    let colours = colours(around);
    let height = 2.0 * half + 24.0 * colours.len() as f64 + 20.0;
    let mut text = String::new();
    let title = label(&around.nodes[0], contents.first().and_then(Option::as_ref));
    add(
        &mut text,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{:.0} {:.0} {:.0} {height:.0}\" \
             font-family=\"sans-serif\" font-size=\"12\">",
            -half,
            -half,
            2.0 * half
        ),
    );
    add(&mut text, format_args!("<title>{}</title>", xml(&title)));
    add(
        &mut text,
        format_args!(
            "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"{:.0}\" height=\"{height:.0}\" fill=\"white\"/>",
            -half,
            -half,
            2.0 * half
        ),
    );
    let mut radii: Vec<f64> = places.iter().map(|place| place.radius).filter(|radius| *radius > 0.0).collect();
    radii.sort_by(f64::total_cmp);
    radii.dedup();
    for radius in radii {
        add(&mut text, format_args!("<circle r=\"{radius:.1}\" fill=\"none\" stroke=\"#eeeeee\"/>"));
    }
    markers(&colours, &mut text);
    links(around, &places, &colours, &mut text);
    for (at, (node, content)) in around.nodes.iter().zip(contents).enumerate() {
        let on_ring = around.hops.iter().filter(|hops| **hops == around.hops[at]).count();
        let name = label(node, content.as_ref());
        let full = content.as_ref().map(|content| String::from_utf8_lossy(content).into_owned()).unwrap_or_default();
        let told = format!("{}: {full}", node.name());
        concept(places[at], at == 0, node.is_stub, on_ring > LEVEL, (&xml(&name), &xml(&told)), &mut text);
    }
    for (row, (kind, (colour, count))) in colours.iter().enumerate() {
        let y = half + 10.0 + 24.0 * row as f64;
        let x = -half + 20.0;
        add(&mut text, format_args!("<path d=\"M{x:.0} {y:.0}h40\" stroke=\"{colour}\" stroke-width=\"3\"/>"));
        let kind = xml(kind);
        add(&mut text, format_args!("<text x=\"{:.0}\" y=\"{:.0}\">{kind} ({count})</text>", x + 50.0, y + 4.0));
    }
    text += "</svg>\n";
    text
}

/// For each type its colour and how many associations have it.
fn colours(around: &Neighborhood) -> BTreeMap<&str, (&'static str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for link in &around.links {
        *counts.entry(&link.type_name).or_default() += 1;
    }
    counts.into_iter().zip(COLOURS.iter().cycle()).map(|((kind, count), colour)| (kind, (*colour, count))).collect()
}

/// Where each concept stands. Nodes come by hops, so those of an inner ring have their place first.
fn places(around: &Neighborhood) -> Vec<Place> {
    let count = around.nodes.len();
    let mut nearer: Vec<Option<(f32, usize)>> = vec![None; count];
    for link in &around.links {
        for (one, other) in [(link.source, link.target), (link.target, link.source)] {
            let is_inwards = around.hops[other].checked_add(1) == Some(around.hops[one]);
            let best = &mut nearer[one];
            if is_inwards && best.is_none_or(|(confidence, _)| link.confidence > confidence) {
                *best = Some((link.confidence, other));
            }
        }
    }
    // A limit on associations may have taken all that lead inwards: then it stands in the sector of the middle.
    let inner = |at: usize| nearer[at].map_or(0, |(_, inner)| inner);
    let mut outer: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut width = vec![0_usize; count];
    for at in (1..count).rev() {
        width[at] = width[at].max(1);
        width[inner(at)] += width[at];
    }
    for at in 1..count {
        outer[inner(at)].push(at);
    }
    let mut places = vec![Place::default(); count];
    let mut sectors = vec![(-PI / 2.0, TAU); count];
    let radii = radii(around);
    for at in 0..count {
        let (mut from, span) = sectors[at];
        let all = width[at].max(1) as f64;
        for &next in &outer[at] {
            let share = span * width[next] as f64 / all;
            sectors[next] = (from, share);
            let radius = radii.get(around.hops[next] as usize).copied().unwrap_or_default();
            places[next] = Place { angle: from + share / 2.0, radius };
            from += share;
        }
    }
    places
}

/// The radius of each ring: every concept on it and further out has room.
fn radii(around: &Neighborhood) -> Vec<f64> {
    let rings = around.hops.iter().max().map_or(0, |hops| *hops as usize);
    let mut counts = vec![0_usize; rings + 1];
    for hops in &around.hops {
        counts[*hops as usize] += 1;
    }
    let mut radii = vec![0.0; rings + 1];
    for ring in 1..=rings {
        // Sectors are not even: twice the room that an even ring would need.
        let needed = 2.0 * counts[ring] as f64 * ROOM / TAU;
        radii[ring] = needed.max(radii[ring - 1] + RING);
    }
    radii
}

fn markers(colours: &BTreeMap<&str, (&'static str, usize)>, text: &mut String) {
    for colour in COLOURS.iter().take(colours.len()) {
        let id = &colour[1..];
        add(
            text,
            format_args!(
                "<marker id=\"to{id}\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
                 markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"{colour}\"/></marker>"
            ),
        );
    }
}

fn links(around: &Neighborhood, places: &[Place], colours: &BTreeMap<&str, (&'static str, usize)>, text: &mut String) {
    let mut between: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for link in &around.links {
        let Some((colour, _)) = colours.get(&*link.type_name) else { continue };
        let nth = between.entry((link.source.min(link.target), link.source.max(link.target))).or_default();
        let bend = 14.0 * nth.div_ceil(2) as f64 * if nth.is_multiple_of(2) { 1.0 } else { -1.0 };
        // The same side, whichever way it leads.
        let bend = if link.source < link.target { bend } else { -bend };
        *nth += 1;
        let ((x1, y1), (x2, y2)) = (places[link.source].point(), places[link.target].point());
        let (dx, dy) = (x2 - x1, y2 - y1);
        let long = dx.hypot(dy);
        let way = if long < 1.0 {
            // From a concept to itself.
            format!("M{:.1} {:.1}c-26 -30 26 -30 8 -6", x1 - 4.0, y1 - 6.0)
        } else {
            // It ends at the edge of its target's dot, and bends aside where it is not the only one.
            let end = (x2 - dx / long * 8.0, y2 - dy / long * 8.0);
            let middle = ((x1 + x2) / 2.0 - dy / long * bend, (y1 + y2) / 2.0 + dx / long * bend);
            format!("M{x1:.1} {y1:.1}Q{:.1} {:.1} {:.1} {:.1}", middle.0, middle.1, end.0, end.1)
        };
        let width = 0.8 + 1.7 * f64::from(link.confidence);
        let id = &colour[1..];
        let told = xml(&format!(
            "{} {} {}: confidence {}",
            around.nodes[link.source].name(),
            link.type_name,
            around.nodes[link.target].name(),
            link.confidence
        ));
        add(
            text,
            format_args!(
                "<path d=\"{way}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width:.1}\" stroke-opacity=\"0.65\" \
                 marker-end=\"url(#to{id})\"><title>{told}</title></path>"
            ),
        );
    }
}

fn concept(place: Place, is_center: bool, is_stub: bool, turned: bool, (name, told): (&str, &str), text: &mut String) {
    let (x, y) = place.point();
    let fill = match (is_center, is_stub) {
        (true, _) => "#222222",
        (_, true) => "white",
        _ => "#666666",
    };
    let size = if is_center { 9 } else { 6 };
    add(
        text,
        format_args!(
            "<g><title>{told}</title><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size}\" fill=\"{fill}\" stroke=\"#444444\"/>"
        ),
    );
    let is_left = place.angle.cos() < -0.01;
    let (mut where_, mut anchor) = (format!("x=\"{:.1}\" y=\"{:.1}\"", x + 11.0, y + 4.0), "start");
    if is_center {
        (where_, anchor) = ("x=\"0\" y=\"-15\" font-weight=\"bold\" font-size=\"14\"".to_owned(), "middle");
    } else if turned {
        let degrees = place.angle.to_degrees() + if is_left { 180.0 } else { 0.0 };
        let aside = if is_left { -11.0 } else { 11.0 };
        where_ = format!("x=\"{aside:.0}\" y=\"4\" transform=\"translate({x:.1} {y:.1}) rotate({degrees:.1})\"");
        anchor = if is_left { "end" } else { "start" };
    } else if is_left {
        (where_, anchor) = (format!("x=\"{:.1}\" y=\"{:.1}\"", x - 11.0, y + 4.0), "end");
    }
    add(
        text,
        format_args!(
            "<text {where_} text-anchor=\"{anchor}\" stroke=\"white\" stroke-width=\"3\" paint-order=\"stroke\">{name}</text></g>"
        ),
    );
}

fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

/// Text as it may stand in XML. A picture is to be looked at: control characters, which XML cannot hold, are written out.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in plain(text).chars() {
        match character {
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '&' => safe += "&amp;",
            '"' => safe += "&quot;",
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::xml;

    #[test]
    fn xml_has_no_way_out() {
        assert_eq!(xml("<a href=\"x\">&\u{1}\n"), "&lt;a href=&quot;x&quot;&gt;&amp;\\u{1}\\n");
    }
}
