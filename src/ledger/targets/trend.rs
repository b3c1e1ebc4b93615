//! How fast a figure moves: the slope by Theil and Sen, least squares as second opinion, and where it leads. Too few points give no slope.

/// Fewer points have no trend (an assumption).
pub const MIN_POINTS: usize = 6;
/// The last twelve months have thirteen ends.
pub const MAX_POINTS: usize = 13;

/// Slopes in units of y by units of x.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct Trend {
    /// Median of the slopes between all pairs: one odd month does not move it.
    pub theil_sen: f64,
    /// The slope by least squares: a second opinion.
    pub least_squares: f64,
    /// Points it rests on.
    pub points: usize,
}

/// The trend of the last [`MAX_POINTS`] points; `None` with fewer than [`MIN_POINTS`].
pub fn trend(points: &[(f64, f64)]) -> Option<Trend> {
    let points = &points[points.len().saturating_sub(MAX_POINTS)..];
    if points.len() < MIN_POINTS {
        return None;
    }
    Some(Trend {
        theil_sen: theil_sen(points)?,
        least_squares: least_squares(points)?,
        points: points.len(),
    })
}

/// Median of the slopes between all pairs of points.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (index, (x0, y0)) in points.iter().enumerate() {
        slopes.extend(
            points[index + 1..]
                .iter()
                .filter(|(x1, _)| x1 != x0)
                .map(|(x1, y1)| (y1 - y0) / (x1 - x0)),
        );
    }
    slopes.sort_by(f64::total_cmp);
    let middle = slopes.len() / 2;
    match slopes.len() {
        0 => None,
        even if even % 2 == 0 => Some((slopes[middle - 1] + slopes[middle]) / 2.0),
        _ => Some(slopes[middle]),
    }
}

/// Slope of the straight line with the least squared errors.
pub fn least_squares(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let together: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    (spread > 0.0).then(|| together / spread)
}

/// How far ahead a gap closes at a rate, on the scale of the rate; `None` where it does not.
pub fn time_to_close(gap: f64, rate: f64) -> Option<f64> {
    if gap <= 0.0 {
        Some(0.0)
    } else {
        (rate > 0.0).then(|| gap / rate)
    }
}
